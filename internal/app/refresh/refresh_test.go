package refresh

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"igauth/internal/igauth"
)

// world is what the function calls. It writes down who was called.
type world struct {
	calls []string
	// down are the calls that fail.
	down []string
}

var errDown = errors.New("down")

func (w *world) call(format string, a ...any) error {
	call := fmt.Sprintf(format, a...)
	w.calls = append(w.calls, call)
	if slices.Contains(w.down, call) {
		return errDown
	}
	return nil
}

var started = time.Date(2026, time.March, 5, 6, 7, 8, 0, time.UTC)

func (w *world) RunShard(_ context.Context, shard, of int) (igauth.Report, error) {
	return igauth.Report{StartedAt: started, Seconds: 2, Due: 3}, w.call("run %d of %d", shard, of)
}

func (w *world) Accounts(_ context.Context, ids ...igauth.AccountID) error {
	return w.call("accounts %v", ids)
}

func (w *world) Health(context.Context) error { return w.call("health") }

// change is a record of the stream for a row.
func change(key string, number int) string {
	return fmt.Sprintf(`{"eventSource":"aws:dynamodb","dynamodb":{"Keys":{"pk":{"S":%q}},"SequenceNumber":"%d"}}`, key, number)
}

// message is a record of the queue.
func message(body string) string {
	return fmt.Sprintf(`{"messageId":"1","eventSource":"aws:sqs","body":%q}`, body)
}

func records(list ...string) string { return `{"Records":[` + strings.Join(list, ",") + `]}` }

func TestEventsAreToldApart(t *testing.T) {
	for name, test := range map[string]struct {
		event string
		down  []string
		calls []string
		// answer is JSON; fails is what the error says.
		answer, fails string
	}{
		"a schedule's":       {event: `{"scheduledTime":"2026-03-12T19:00:00Z"}`, calls: []string{"run 0 of 1"}, answer: `"due":3`},
		"an empty one":       {event: `{}`, calls: []string{"run 0 of 1"}, answer: `"due":3`},
		"a text":             {event: `"by hand"`, calls: []string{"run 0 of 1"}, answer: `"due":3`},
		"no record":          {event: records(), calls: []string{"run 0 of 1"}, answer: `"due":3`},
		"a run that fails":   {event: `{}`, down: []string{"run 0 of 1"}, calls: []string{"run 0 of 1"}, fails: "down"},
		"a part":             {event: records(message(`{"shard":2,"of":4}`)), calls: []string{"run 2 of 4"}, answer: "null"},
		"a part that fails":  {event: records(message(`{"shard":2,"of":4}`)), down: []string{"run 2 of 4"}, calls: []string{"run 2 of 4"}, fails: "part 2 of 4: down"},
		"no such part":       {event: records(message(`{"shard":4,"of":4}`)), fails: "no part of a run"},
		"less than a part":   {event: records(message(`{"shard":-1,"of":4}`)), fails: "no part of a run"},
		"parts of nothing":   {event: records(message(`{"shard":0}`)), fails: "no part of a run"},
		"an unknown message": {event: records(message(`hello`)), fails: "no part of a run"},
		"several parts":      {event: records(message(`{"shard":0,"of":4}`), message(`x`), message(`{"shard":1,"of":4}`)), calls: []string{"run 0 of 4", "run 1 of 4"}, fails: "no part of a run"},
		"another source":     {event: records(`{"eventSource":"aws:s3"}`), fails: "aws:s3"},
		"several sources":    {event: records(change("health", 1), message(`{"shard":0,"of":4}`)), fails: "several sources"},
		"a change":           {event: records(change("account#17841400000010111", 1)), calls: []string{"accounts [17841400000010111]"}, answer: `{"batchItemFailures":[]}`},
		"the health's":       {event: records(change("health", 1)), calls: []string{"health"}, answer: `{"batchItemFailures":[]}`},
		"a flow's":           {event: records(change("flow#abc", 1)), answer: `{"batchItemFailures":[]}`},
		"an account twice": {
			event:  records(change("account#1", 1), change("account#2", 2), change("account#1", 3)),
			calls:  []string{"accounts [1]", "accounts [2]"},
			answer: `{"batchItemFailures":[]}`,
		},
		// The number is that of the first change, from which on the stream is read
		// again; what comes after is sent nevertheless.
		"an account that fails": {
			event:  records(change("account#1", 1), change("account#2", 2), change("health", 3), change("account#2", 4), change("account#3", 5)),
			down:   []string{"accounts [2]"},
			calls:  []string{"accounts [1]", "accounts [2]", "health", "accounts [3]"},
			answer: `{"batchItemFailures":[{"itemIdentifier":"2"}]}`,
		},
		"everything fails": {
			event:  records(change("account#1", 7), change("health", 8)),
			down:   []string{"accounts [1]", "health"},
			calls:  []string{"accounts [1]", "health"},
			answer: `{"batchItemFailures":[{"itemIdentifier":"7"},{"itemIdentifier":"8"}]}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := &world{down: test.down}
			var stdout bytes.Buffer
			f := function{refresher: w, relay: w, stack: "shop", stdout: &stdout, log: slog.New(slog.DiscardHandler)}
			out, err := f.invoke(t.Context(), json.RawMessage(test.event))
			if !slices.Equal(w.calls, test.calls) {
				t.Errorf("called %q, want %q", w.calls, test.calls)
			}
			if test.fails == "" && err != nil || test.fails != "" && (err == nil || !strings.Contains(err.Error(), test.fails)) {
				t.Errorf("got the error %v, want %q", err, test.fails)
			}
			answer, problem := json.Marshal(out)
			if problem != nil || !strings.Contains(string(answer), test.answer) {
				t.Errorf("answered %s, %v; want %s", answer, problem, test.answer)
			}
			runs := 0
			for _, call := range w.calls {
				if strings.HasPrefix(call, "run ") {
					runs++
				}
			}
			if got := strings.Count(stdout.String(), `"RunSeconds":2`); got != runs || strings.Count(stdout.String(), "\n") != runs {
				t.Errorf("%d runs wrote\n%s", runs, &stdout)
			}
		})
	}
}

func TestMetricsAreTheReports(t *testing.T) {
	days := 12.5
	got := metrics("shop", igauth.Report{
		StartedAt: started, Seconds: 1.5, Due: 9, Refreshed: 4, Probed: 3, MinDaysToExpiry: &days, OutboxSeconds: 700,
		Counts:   map[igauth.Status]int{igauth.StatusActive: 8},
		Failed:   map[igauth.Class]int{igauth.ClassTransient: 2},
		Incident: &igauth.Incident{Place: igauth.PlaceRefresh},
	})
	want := got
	want.At, want.Stack, want.RunSeconds = started.Add(1500*time.Millisecond), "shop", 1.5
	want.Due, want.Refreshed, want.MinDaysToExpiry, want.OutboxSeconds, want.OpenIncidents = 9, 4, &days, 700, 1
	want.AccountsByStatus, want.FailedByClass = map[string]int{"active": 8}, map[string]int{"transient": 2}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := metrics("shop", igauth.Report{StartedAt: started}); got.OpenIncidents != 0 || got.MinDaysToExpiry != nil {
		t.Errorf("a run without anything: got %+v", got)
	}
}

// A log that takes no metrics fails no run.
func TestMetricsThatAreNotWrittenFailNothing(t *testing.T) {
	var log bytes.Buffer
	w := &world{}
	f := function{refresher: w, relay: w, stack: "shop", stdout: closed{}, log: slog.New(slog.NewTextHandler(&log, nil))}
	if _, err := f.invoke(t.Context(), json.RawMessage(`{}`)); err != nil || !strings.Contains(log.String(), "metrics not written") {
		t.Errorf("got %v and the log %s", err, &log)
	}
}

type closed struct{}

func (closed) Write([]byte) (int, error) { return 0, errDown }
