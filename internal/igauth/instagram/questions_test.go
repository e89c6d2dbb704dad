package instagram_test

import (
	"context"
	"reflect"
	"slices"
	"testing"

	"igauth/internal/igauth"
)

// A question is one of the things that a client asks Meta.
type question struct {
	name string
	// good is an answer that it is content with.
	good string
	ask  func(ctx context.Context, c *clients) (any, error)
}

var questions = slices.Concat([]question{
	{"exchanging a code", goodCode, func(ctx context.Context, c *clients) (any, error) {
		return c.ExchangeCode(ctx, igauth.NewSecret(codeText))
	}},
	{"extending a token", goodLong, func(ctx context.Context, c *clients) (any, error) {
		return c.ExtendToken(ctx, igauth.NewSecret(tokenText))
	}},
	{"refreshing a token", goodLong, func(ctx context.Context, c *clients) (any, error) {
		return c.RefreshToken(ctx, igauth.NewSecret(tokenText))
	}},
	{"reading the profile", goodMe, func(ctx context.Context, c *clients) (any, error) {
		return c.Profile(ctx, igauth.NewSecret(tokenText))
	}},
	{"revoking a token", goodDone, func(ctx context.Context, c *clients) (any, error) {
		return nothing{}, c.Revoke(ctx, igauth.NewSecret(tokenText))
	}},
}, facebookQuestions)

// fails asks and returns the error, which must be one of ours and come without
// any result.
func (q question) fails(t testing.TB, c *clients) *igauth.Error {
	t.Helper()
	got, err := q.ask(t.Context(), c)
	if err == nil {
		t.Fatalf("%s: got a result, want an error", q.name)
	}
	if !reflect.ValueOf(got).IsZero() {
		t.Errorf("%s: got a result next to the error", q.name)
	}
	return asError(t, err)
}
