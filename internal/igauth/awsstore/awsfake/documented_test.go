package awsfake_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aws/smithy-go"

	"igauth/internal/igauth/awsstore/awstest"
)

// The tests of what is documented ask the fakes, the emulators and, if wanted, AWS
// the same questions. The fakes and AWS must answer what is documented. So must an
// emulator, but for the deviations that are listed in ../testdata/emulators.md: there
// it must deviate, so that the list is corrected when it does no longer.

// fake is the kind of our fakes, beside those of awstest.
const fake = "the fake"

// A question is about one behaviour of a service.
type question[API any] struct {
	name string
	// ask does it and returns the answer in a few words.
	ask func(t *testing.T, api API) string
	// documented is the right answer.
	documented string
	// deviations are the answers of emulators that are known to be others.
	deviations map[string]string
}

// check asks and compares.
func (q question[API]) check(t *testing.T, kind string, api API) {
	t.Run(q.name, func(t *testing.T) {
		got := q.ask(t, api)
		deviation, deviates := q.deviations[kind]
		switch {
		case !deviates && got != q.documented:
			t.Errorf("%s: got %q, want %q as documented", kind, got, q.documented)
		case deviates && got == q.documented:
			t.Errorf("%s does now as documented: correct testdata/emulators.md and this test, and the tests that it names", kind)
		case deviates && got != deviation:
			t.Errorf("%s: got %q; %q is documented, and %q was its deviation", kind, got, q.documented, deviation)
		}
	})
}

// outcome returns the code of an error, or what was done without one.
func outcome(err error, done string) string {
	var refused smithy.APIError
	switch {
	case err == nil:
		return done
	case errors.As(err, &refused):
		return refused.ErrorCode()
	}
	return err.Error()
}

// refused is outcome where the code of the error is not documented.
func refused(err error, done string) string {
	if code := outcome(err, done); strings.HasSuffix(code, "Exception") {
		return "refused"
	}
	return outcome(err, done)
}

// labels returns labels as a text.
func labels(list []string) string {
	list = slices.Clone(list)
	slices.Sort(list)
	return strings.Join(list, " ")
}

// byMoto is a deviation of moto.
func byMoto(answer string) map[string]string { return map[string]string{awstest.Moto: answer} }
