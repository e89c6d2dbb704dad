package secrets

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"igauth/internal/igauth"
	"igauth/internal/igauth/awsstore/awsfake"
)

// fakeSecrets has fixed secrets.
type fakeSecrets struct {
	mu    sync.Mutex
	texts map[string]string
	err   error
	// takes is how long an answer takes.
	takes time.Duration
	calls atomic.Int32
}

func (f *fakeSecrets) GetSecretValue(ctx context.Context, in *secretsmanager.GetSecretValueInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error) {
	f.calls.Add(1)
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(f.takes):
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return nil, f.err
	}
	text, ok := f.texts[*in.SecretId]
	if !ok {
		return nil, &types.ResourceNotFoundException{}
	}
	return &secretsmanager.GetSecretValueOutput{SecretString: &text}, nil
}

func (f *fakeSecrets) set(name, text string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.texts[name], f.err = text, err
}

func newFakeSecrets(text string) *fakeSecrets {
	return &fakeSecrets{texts: map[string]string{"app": text}}
}

func TestReaderText(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"hunter2", "hunter2"},
		{"hunter2\r\n", "hunter2"},
		{" hunter 2 \t\n", " hunter 2"},
		{`{"app_secret": "hunter2"}`, "hunter2"},
		{"\n{\"other\": 1, \"app_secret\": \"hunter2\"}\n", "hunter2"},
		{`"hunter2"`, `"hunter2"`},
		{"[1]", "[1]"},
	} {
		got, err := NewReader(newFakeSecrets(test.text), 0, nil).Text(t.Context(), "app", "app_secret")
		if err != nil || got.Reveal() != test.want {
			t.Errorf("%q: got %q, %v", test.text, got.Reveal(), err)
		}
	}
}

func TestReaderErrors(t *testing.T) {
	for _, text := range []string{
		"", "\n", `{"app_secret": ""}`, `{"app_secret": 31337}`, `{"app_secret": null}`, `{"hunter2": "hunter2"}`, `{"app_secret": "hunter2"`, `{hunter2}`,
	} {
		_, err := NewReader(newFakeSecrets(text), 0, nil).Text(t.Context(), "app", "app_secret")
		if err == nil {
			t.Errorf("%q was accepted", text)
			continue
		}
		for _, part := range []string{"secret app ", "app_secret", "put-secret-value"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%q: %q does not say %q", text, err, part)
			}
		}
		if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "31337") {
			t.Errorf("the error quotes the secret: %v", err)
		}
	}
	_, err := NewReader(newFakeSecrets(""), 0, nil).Text(t.Context(), "absent", "app_secret")
	if err == nil || !strings.Contains(err.Error(), "create-secret --name absent") {
		t.Errorf("got %v", err)
	}
}

func TestReaderRemembers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := newFakeSecrets("one")
		r := NewReader(fake, 0, nil)
		want := func(text string, calls int32) {
			t.Helper()
			got, err := r.Text(t.Context(), "app", "")
			if err != nil || got.Reveal() != text {
				t.Errorf("got %q, %v, want %q", got.Reveal(), err, text)
			}
			if n := fake.calls.Load(); n != calls {
				t.Errorf("%d calls were made, want %d", n, calls)
			}
		}
		want("one", 1)
		fake.set("app", "two", nil)
		time.Sleep(5*time.Minute - time.Nanosecond)
		want("one", 1)
		time.Sleep(time.Nanosecond)
		want("two", 2)

		// It goes on with what it has, and asks every 30 seconds.
		fake.set("app", "three", awsfake.ErrThrottled)
		time.Sleep(5 * time.Minute)
		want("two", 3)
		want("two", 3)
		time.Sleep(30 * time.Second)
		want("two", 4)
		fake.set("app", "three", nil)
		want("two", 4)
		time.Sleep(30 * time.Second)
		want("three", 5)
	})
}

// TestReaderFirstFails remembers no failure.
func TestReaderFirstFails(t *testing.T) {
	fake := newFakeSecrets("one")
	r := NewReader(fake, 0, nil)
	fake.set("app", "one", awsfake.ErrThrottled)
	if _, err := r.Text(t.Context(), "app", ""); !errors.Is(err, awsfake.ErrThrottled) {
		t.Errorf("got %v", err)
	}
	fake.set("app", "one", nil)
	if got, err := r.Text(t.Context(), "app", ""); err != nil || got.Reveal() != "one" {
		t.Errorf("got %q, %v", got.Reveal(), err)
	}
}

// TestReaderAsksOnce has many callers at once, of whom the first gives up.
func TestReaderAsksOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := newFakeSecrets("one")
		fake.takes = time.Second
		r := NewReader(fake, 0, nil)
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := r.Text(ctx, "app", ""); !errors.Is(err, context.Canceled) {
				t.Errorf("the caller who gave up got %v", err)
			}
		})
		synctest.Wait()
		for range 20 {
			all.Go(func() {
				got, err := r.Text(t.Context(), "app", "")
				if err != nil || !got.Equal(igauth.NewSecret("one")) {
					t.Errorf("got %q, %v", got.Reveal(), err)
				}
			})
		}
		synctest.Wait()
		cancel()
		all.Wait()
		if n := fake.calls.Load(); n != 1 {
			t.Errorf("%d calls were made, want 1", n)
		}
	})
}

func TestReaderWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := newFakeSecrets("one")
		r := NewReader(fake, 0, nil)
		want := func(fresh bool, text string, calls int32) {
			t.Helper()
			got, err := r.Whole(t.Context(), "app", fresh)
			if err != nil || got.Reveal() != text || fake.calls.Load() != calls {
				t.Errorf("got %q, %v after %d calls, want %q after %d", got.Reveal(), err, fake.calls.Load(), text, calls)
			}
		}
		want(true, "one", 1)
		fake.set("app", "two", nil)
		time.Sleep(10*time.Second - 1)
		want(true, "one", 1)
		time.Sleep(time.Nanosecond)
		want(false, "one", 1)
		want(true, "two", 2)

		// While nobody answers, those who want it fresh do not ask all the time.
		fake.set("app", "three", awsfake.ErrThrottled)
		time.Sleep(10 * time.Second)
		want(true, "two", 3)
		want(true, "two", 3)
		fake.set("app", "three", nil)
		time.Sleep(10 * time.Second)
		want(true, "three", 4)
		if _, err := r.Whole(t.Context(), "other", true); !errors.Is(err, igauth.ErrNotFound) {
			t.Errorf("got %v of a secret that is missing", err)
		}
	})
}

func TestReaderOptional(t *testing.T) {
	for text, want := range map[string]string{
		`plain`:             "",
		`{"a":"1"}`:         "",
		`{"b":""}`:          "",
		`{"b":null}`:        "",
		`{"b":7}`:           "",
		`{"a":"1","b":"2"}`: "2",
		` {"b":"2"}` + "\n": "2",
	} {
		if got, err := NewReader(newFakeSecrets(text), 0, nil).Optional(t.Context(), "app", "b"); err != nil || got.Reveal() != want {
			t.Errorf("%s: got %q, %v, want %q", text, got.Reveal(), err, want)
		}
	}
	if _, err := NewReader(newFakeSecrets(""), 0, nil).Optional(t.Context(), "other", "b"); err == nil {
		t.Error("got no error of a secret that is missing")
	}
}
