package secrets

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"igauth/internal/igauth"
)

// readerAPI is what a Reader calls of the Secrets Manager client.
type readerAPI interface {
	GetSecretValue(context.Context, *secretsmanager.GetSecretValueInput, ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error)
}

// How long a Reader keeps what it read, how often it tries when that is over, and
// how long it waits for one answer.
const (
	defaultTTL  = 5 * time.Minute
	retryEvery  = 30 * time.Second
	freshFor    = 10 * time.Second
	readTimeout = 10 * time.Second
)

// A Reader reads the fixed secrets of an installation, such as the app's secret,
// and remembers them. A secret that was changed is noticed within the Reader's
// TTL, without a deployment. When a secret cannot be read again, its last value
// goes on to be used: a value that may be outdated is better than none.
type Reader struct {
	client readerAPI
	ttl    time.Duration
	now    func() time.Time

	mu      sync.Mutex
	secrets map[string]*fixed
}

// fixed is what a Reader knows of one secret.
type fixed struct {
	text  igauth.Secret
	known bool
	// until is when the secret is to be read again; asked is when it was last.
	until, asked time.Time
	// reading is closed when the read that is under way has ended; nil means
	// that there is none. err is what the last one ended with.
	reading chan struct{}
	err     error
}

// NewReader returns a Reader that remembers a secret for ttl, 0 for five
// minutes. A nil now means time.Now.
func NewReader(client readerAPI, ttl time.Duration, now func() time.Time) *Reader {
	if ttl == 0 {
		ttl = defaultTTL
	}
	if now == nil {
		now = time.Now
	}
	return &Reader{client: client, ttl: ttl, now: now, secrets: map[string]*fixed{}}
}

// Text returns a text from the secret of a name or ARN. If the secret's value is
// a JSON object, that is the member of the given name, else the whole value
// without white space at its end, which editors and shells leave there. So an
// app secret can be stored as it is or among others.
//
// Concurrent calls for one secret make one request. The errors name the secret,
// and never show what is in it.
func (r *Reader) Text(ctx context.Context, name, field string) (igauth.Secret, error) {
	text, err := r.whole(ctx, name, false)
	switch {
	case isUnknown(err):
		return igauth.Secret{}, fmt.Errorf("reading secret %s: %w; %s", name, err, cure("create-secret --name", name, field))
	case err != nil:
		return igauth.Secret{}, fmt.Errorf("reading secret %s: %w", name, err)
	}
	text, err = pick(text, field)
	if err != nil {
		return igauth.Secret{}, fmt.Errorf("secret %s %w; %s", name, err, cure("put-secret-value --secret-id", name, field))
	}
	return text, nil
}

// Optional is Text for a member that a secret may do without: if its value is not
// a JSON object, or has no such member, or an empty one, the text is empty.
func (r *Reader) Optional(ctx context.Context, name, field string) (igauth.Secret, error) {
	text, err := r.whole(ctx, name, false)
	if err != nil {
		return igauth.Secret{}, fmt.Errorf("reading secret %s: %w", name, err)
	}
	var members map[string]any
	if json.Unmarshal([]byte(text.Reveal()), &members) != nil {
		return igauth.Secret{}, nil
	}
	if member, _ := members[field].(string); member != "" {
		return igauth.NewSecret(member), nil
	}
	return igauth.Secret{}, nil
}

// Whole returns the value of the secret of a name or ARN. When a fresh one is
// asked for, the secret is read unless that was tried within the last ten seconds.
func (r *Reader) Whole(ctx context.Context, name string, fresh bool) (igauth.Secret, error) {
	text, err := r.whole(ctx, name, fresh)
	if err != nil {
		return igauth.Secret{}, fmt.Errorf("reading secret %s: %w", name, missing(err))
	}
	return text, nil
}

// cure says how to set a secret. The text goes through a file, as a command line
// is kept in the shell's history.
func cure(command, name, field string) string {
	return fmt.Sprintf("set it with: aws secretsmanager %s %s --secret-string file://FILE, where FILE holds {%q: \"...\"} or only the text", command, name, field)
}

// whole returns the value of a secret, from memory if it is fresh enough.
func (r *Reader) whole(ctx context.Context, name string, fresh bool) (igauth.Secret, error) {
	r.mu.Lock()
	s := r.secrets[name]
	if s == nil {
		s = &fixed{}
		r.secrets[name] = s
	}
	now := r.now()
	if s.known && now.Before(s.until) && !(fresh && now.Sub(s.asked) >= freshFor) {
		defer r.mu.Unlock()
		return s.text, nil
	}
	if s.reading == nil {
		s.reading = make(chan struct{})
		// The read is for everybody who waits, so that it does not end with
		// the call that happened to be the first.
		go r.read(context.WithoutCancel(ctx), name, s)
	}
	done := s.reading
	r.mu.Unlock()

	select {
	case <-ctx.Done():
		return igauth.Secret{}, ctx.Err()
	case <-done:
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.known {
		return s.text, nil
	}
	return igauth.Secret{}, s.err
}

// read asks for a secret and wakes those who wait.
func (r *Reader) read(ctx context.Context, name string, s *fixed) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	out, err := r.client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &name})
	if err == nil && out.SecretString == nil {
		err = errors.New("its value is binary; it must be text")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s.asked = r.now()
	if s.err = err; err == nil {
		s.text, s.known = igauth.NewSecret(*out.SecretString), true
		s.until = r.now().Add(r.ttl)
	} else {
		s.until = r.now().Add(min(r.ttl, retryEvery))
	}
	close(s.reading)
	s.reading = nil
}

// pick returns a member of a JSON object, or the whole text if it is none.
func pick(whole igauth.Secret, field string) (igauth.Secret, error) {
	text := strings.TrimRight(whole.Reveal(), "\r\n\t ")
	if strings.HasPrefix(strings.TrimLeft(text, "\r\n\t "), "{") {
		var members map[string]json.RawMessage
		if err := json.Unmarshal([]byte(text), &members); err != nil {
			return igauth.Secret{}, errors.New("begins with { but is not a JSON object")
		}
		member, exists := members[field]
		if !exists {
			return igauth.Secret{}, fmt.Errorf("has no member %q", field)
		}
		var picked *string // JSON's null would leave a string as it was.
		if err := json.Unmarshal(member, &picked); err != nil || picked == nil {
			return igauth.Secret{}, fmt.Errorf("has a member %q that is not text", field)
		}
		text = *picked
	}
	if text == "" {
		return igauth.Secret{}, errors.New("is empty")
	}
	return igauth.NewSecret(text), nil
}
