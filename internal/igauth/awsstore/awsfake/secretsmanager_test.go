package awsfake_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"igauth/internal/igauth/awsstore/awsfake"
)

var start = time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)

// A clock is moved by the test.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

// version returns the n-th id of a version.
func version(n int) string { return fmt.Sprintf("%032d", n) }

// manager makes requests for one secret.
type manager struct {
	*awsfake.SecretsManager
	t *testing.T
}

func newManager(t *testing.T, cfg awsfake.SecretsManagerConfig) manager {
	return manager{awsfake.NewSecretsManager(cfg), t}
}

var secretName = aws.String("test/a")

func (m manager) create(n int) error {
	_, err := m.CreateSecret(m.t.Context(), &secretsmanager.CreateSecretInput{
		Name: secretName, ClientRequestToken: aws.String(version(n)), SecretString: aws.String(fmt.Sprint(n)),
	})
	return err
}

func (m manager) put(n int, labels ...string) error {
	_, err := m.PutSecretValue(m.t.Context(), &secretsmanager.PutSecretValueInput{
		SecretId: secretName, ClientRequestToken: aws.String(version(n)), SecretString: aws.String(fmt.Sprint(n)), VersionStages: labels,
	})
	return err
}

// get returns the value of a version, or of the current one for 0.
func (m manager) get(n int) (string, error) {
	in := &secretsmanager.GetSecretValueInput{SecretId: secretName}
	if n > 0 {
		in.VersionId = aws.String(version(n))
	}
	out, err := m.GetSecretValue(m.t.Context(), in)
	if err != nil {
		return "", err
	}
	return *out.SecretString, nil
}

func (m manager) destroy() error {
	_, err := m.DeleteSecret(m.t.Context(), &secretsmanager.DeleteSecretInput{SecretId: secretName, ForceDeleteWithoutRecovery: aws.Bool(true)})
	return err
}

// must fails the test when a step that it builds on fails.
func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// is reports whether an error is of a type.
func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

func TestReadsAreLate(t *testing.T) {
	t.Run("by requests", func(t *testing.T) {
		m := newManager(t, awsfake.SecretsManagerConfig{Reads: awsfake.Lag{Requests: 2}})
		must(t, m.create(1))
		for n := range 3 {
			if got, err := m.get(0); (n < 2) != is[*types.ResourceNotFoundException](err) || n == 2 && got != "1" {
				t.Errorf("read %d: got %q, %v", n+1, got, err)
			}
		}
		must(t, m.put(2), m.put(3))
		for n, want := range []string{"1", "1", "3"} {
			if got, err := m.get(0); got != want || err != nil {
				t.Errorf("read %d of a change: got %q, %v, want %q", n+1, got, err, want)
			}
		}
	})
	t.Run("by time", func(t *testing.T) {
		c := &clock{start}
		m := newManager(t, awsfake.SecretsManagerConfig{Now: c.now, Reads: awsfake.Lag{For: time.Second}})
		must(t, m.create(1))
		c.at = c.at.Add(time.Second - 1)
		if _, err := m.get(1); !is[*types.ResourceNotFoundException](err) {
			t.Errorf("too early: got %v", err)
		}
		c.at = c.at.Add(1)
		if got, err := m.get(1); got != "1" || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
		must(t, m.destroy())
		if got, err := m.get(1); got != "1" || err != nil {
			t.Errorf("a destroyed secret, too early: got %q, %v", got, err)
		}
		c.at = c.at.Add(time.Second)
		if _, err := m.get(1); !is[*types.InvalidRequestException](err) && !is[*types.ResourceNotFoundException](err) {
			t.Errorf("a destroyed secret: got %v", err)
		}
	})
}

func TestDeletionTakesTime(t *testing.T) {
	c := &clock{start}
	m := newManager(t, awsfake.SecretsManagerConfig{Now: c.now, Deletion: awsfake.Lag{Requests: 4, For: time.Minute}})
	must(t, m.create(1), m.destroy())
	if _, err := m.get(1); !is[*types.InvalidRequestException](err) {
		t.Errorf("a read: got %v", err)
	}
	if err := m.put(2); !is[*types.InvalidRequestException](err) {
		t.Errorf("a put: got %v", err)
	}
	if err := m.create(2); !is[*types.InvalidRequestException](err) {
		t.Errorf("a creation: got %v", err)
	}
	must(t, m.destroy())
	if err := m.create(2); !is[*types.InvalidRequestException](err) {
		t.Errorf("before the minute is over: got %v", err)
	}
	c.at = c.at.Add(time.Minute)
	if all := m.Secrets(); len(all) != 0 {
		t.Errorf("%v is still there", all)
	}
	must(t, m.create(2))
	if got, err := m.get(0); got != "2" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := m.get(1); !is[*types.ResourceNotFoundException](err) {
		t.Errorf("the earlier secret's version: got %v", err)
	}
}

func TestVersionsVanish(t *testing.T) {
	t.Run("after a day if wanted", func(t *testing.T) {
		c := &clock{start}
		m := newManager(t, awsfake.SecretsManagerConfig{Now: c.now, DropUnlabelled: true})
		must(t, m.create(1), m.put(2, "AWSPENDING"), m.put(3, "AWSPENDING"))
		want := func(versions ...string) {
			t.Helper()
			if got := slices.Sorted(maps.Keys(m.Secrets()[*secretName].Versions)); !slices.Equal(got, versions) {
				t.Errorf("got %v, want %v", got, versions)
			}
		}
		want(version(1), version(2), version(3))
		c.at = c.at.Add(24*time.Hour - 1)
		must(t, m.put(4, "AWSPENDING"))
		want(version(1), version(2), version(3), version(4))
		c.at = c.at.Add(1)
		must(t, m.put(5, "AWSPENDING"))
		want(version(1), version(4), version(5))
	})
	t.Run("beyond a hundred, after a day", func(t *testing.T) {
		c := &clock{start}
		m := newManager(t, awsfake.SecretsManagerConfig{Now: c.now})
		must(t, m.create(1))
		for n := range 120 {
			c.at = c.at.Add(time.Second)
			must(t, m.put(n+2))
		}
		if n := len(m.Secrets()[*secretName].Versions); n != 121 {
			t.Errorf("%d versions are left of the first day's 121", n)
		}
		c.at = c.at.Add(24 * time.Hour)
		must(t, m.put(122))
		versions := m.Secrets()[*secretName].Versions
		if len(versions) != 100 || versions[version(22)].Text != "" || versions[version(23)].Text != "23" {
			t.Errorf("got %d versions, of which the oldest is %s", len(versions), slices.Sorted(maps.Keys(versions))[0])
		}
	})
}

func TestAdded(t *testing.T) {
	c := &clock{start}
	m := newManager(t, awsfake.SecretsManagerConfig{Now: c.now})
	must(t, m.create(1), m.create(1))
	c.at = start.Add(time.Minute)
	must(t, m.put(2), m.put(2), m.destroy())
	want := map[string][]time.Time{*secretName: {start, start.Add(time.Minute)}}
	if got := m.Added(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	calls := m.Calls()
	if last := calls[len(calls)-1]; len(calls) != 5 || last != (awsfake.Call{Operation: "DeleteSecret", Name: *secretName, At: c.at}) {
		t.Errorf("got the calls %v", calls)
	}
	if got := m.Counts(); got["PutSecretValue"] != 2 || got["CreateSecret"] != 2 {
		t.Errorf("got the counts %v", got)
	}
}

func TestThrottled(t *testing.T) {
	c := &clock{start}
	m := newManager(t, awsfake.SecretsManagerConfig{Now: c.now, WritesPerSecond: 2})
	must(t, m.create(1), m.put(2), m.put(3))
	if err := m.put(4); !errors.Is(err, awsfake.ErrThrottled) {
		t.Errorf("got %v, want throttling", err)
	}
	c.at = c.at.Add(time.Second)
	must(t, m.put(4))
}

// TestPreviousFollows moves AWSCURRENT, and puts with and without it.
func TestPreviousFollows(t *testing.T) {
	m := newManager(t, awsfake.SecretsManagerConfig{})
	want := func(labels map[string][]string) {
		t.Helper()
		out, err := m.DescribeSecret(t.Context(), &secretsmanager.DescribeSecretInput{SecretId: secretName})
		if err != nil || !reflect.DeepEqual(out.VersionIdsToStages, labels) {
			t.Errorf("got %v, %v, want %v", out.VersionIdsToStages, err, labels)
		}
	}
	must(t, m.create(1), m.put(2, "AWSPENDING"))
	want(map[string][]string{version(1): {"AWSCURRENT"}, version(2): {"AWSPENDING"}})
	must(t, m.put(3))
	want(map[string][]string{version(1): {"AWSPREVIOUS"}, version(2): {"AWSPENDING"}, version(3): {"AWSCURRENT"}})
	_, err := m.UpdateSecretVersionStage(t.Context(), &secretsmanager.UpdateSecretVersionStageInput{
		SecretId: secretName, VersionStage: aws.String("AWSCURRENT"), MoveToVersionId: aws.String(version(2)), RemoveFromVersionId: aws.String(version(3)),
	})
	must(t, err)
	want(map[string][]string{version(2): {"AWSPENDING", "AWSCURRENT"}, version(3): {"AWSPREVIOUS"}})
}

// TestARN reads a secret by the ARN that its creation returned.
func TestARN(t *testing.T) {
	m := newManager(t, awsfake.SecretsManagerConfig{})
	out, err := m.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{
		Name: secretName, ClientRequestToken: aws.String(version(1)), SecretString: aws.String("1"),
	})
	must(t, err)
	got, err := m.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: out.ARN})
	if err != nil || *got.SecretString != "1" || *got.Name != *secretName {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestHooks has one request hang before its effect and another after it, while a
// third is not kept waiting, all on the clock of a bubble.
func TestHooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := func(operation string) awsfake.Hook {
			return func(ctx context.Context, name string) error {
				if name != operation {
					return nil
				}
				<-ctx.Done()
				return ctx.Err()
			}
		}
		m := newManager(t, awsfake.SecretsManagerConfig{Before: hang("CreateSecret"), After: hang("PutSecretValue")})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		hanging := m.SecretsManager
		var all sync.WaitGroup
		all.Go(func() {
			_, err := hanging.CreateSecret(ctx, &secretsmanager.CreateSecretInput{
				Name: secretName, ClientRequestToken: aws.String(version(1)), SecretString: aws.String("1"),
			})
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("the creation: got %v", err)
			}
		})
		synctest.Wait()
		if _, err := m.get(1); !is[*types.ResourceNotFoundException](err) {
			t.Errorf("a creation that hangs before its effect: got %v", err)
		}
		all.Wait()

		m.Set(func(cfg *awsfake.SecretsManagerConfig) { cfg.Before = nil })
		must(t, m.create(1))
		ctx, cancel = context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		all.Go(func() {
			_, err := hanging.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{
				SecretId: secretName, ClientRequestToken: aws.String(version(2)), SecretString: aws.String("2"),
			})
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("the put: got %v", err)
			}
		})
		synctest.Wait()
		if got, err := m.get(2); got != "2" || err != nil {
			t.Errorf("a put that hangs after its effect: got %q, %v", got, err)
		}
		all.Wait()
	})
}
