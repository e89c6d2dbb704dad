// Package refresh composes the Lambda function that keeps the tokens alive and
// tells the outside what happens. A schedule calls it for a run, a queue for a
// part of one, and the stream of the table when a row has something to tell. It
// has no access to the Instagram app's secret: Meta refreshes without. Behind
// Facebook Login nothing goes without the Meta app's.
package refresh

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"igauth/internal/app"
	"igauth/internal/app/stores"
	"igauth/internal/emf"
	"igauth/internal/igauth"
	"igauth/internal/igauth/awsstore/bus"
	"igauth/internal/igauth/awsstore/secrets"
)

// A Function is the handler of every invocation. It answers with the report of a
// run, which may be empty, or with the records that failed.
type Function func(ctx context.Context, event json.RawMessage) (any, error)

// New returns the function, or all that is wrong with the environment. Metrics are
// written to stdout, which Lambda makes the function's log.
func New(getenv func(string) string, log *slog.Logger, stdout io.Writer) (Function, error) {
	parts, cfg, err := stores.Load(getenv, log)
	if err != nil {
		return nil, err
	}
	parts.Publisher, err = bus.New(bus.Config{Client: eventbridge.NewFromConfig(cfg), Bus: parts.Settings.EventBus})
	if err != nil {
		return nil, err
	}
	manager := secretsmanager.NewFromConfig(cfg)
	if name := parts.Settings.StateKeyName; name != "" {
		parts.StateKeys = app.StateKeys(secrets.NewReader(manager, app.StateKeyTTL, nil).Text, name)
	}
	reader := secrets.NewReader(manager, 0, nil)
	parts.MetaAppSecrets = app.MetaAppSecrets(reader.Text, reader.Optional, parts.Settings)
	return Compose(parts, stdout)
}

// Compose returns the function on parts that are ready.
func Compose(parts app.Parts, stdout io.Writer) (Function, error) {
	refresher, err := parts.Refresher()
	if err != nil {
		return nil, err
	}
	relay, err := parts.Relay()
	if err != nil {
		return nil, err
	}
	f := function{refresher: refresher, relay: relay, stack: parts.Settings.SecretPrefix, stdout: stdout, log: parts.Log}
	if f.log == nil {
		f.log = slog.New(slog.DiscardHandler)
	}
	return f.invoke, nil
}

// A runner does a part of a run: an [igauth.Refresher].
type runner interface {
	RunShard(ctx context.Context, shard, of int) (igauth.Report, error)
}

// A relay sends what rows have to tell: an [igauth.Relay].
type relay interface {
	Accounts(ctx context.Context, ids ...igauth.AccountID) error
	Health(ctx context.Context) error
}

var (
	_ runner = (*igauth.Refresher)(nil)
	_ relay  = (*igauth.Relay)(nil)
)

type function struct {
	refresher runner
	relay     relay
	stack     string
	stdout    io.Writer
	log       *slog.Logger
}

// invoke finds out what an event asks for, and does it. Whatever is neither of the
// stream nor of the queue asks for a run.
func (f function) invoke(ctx context.Context, raw json.RawMessage) (any, error) {
	var e event
	if err := json.Unmarshal(raw, &e); err != nil {
		e = event{} // a schedule may send any JSON, such as a text
	}
	source, err := e.source()
	switch {
	case err != nil:
		return nil, err
	case source == sourceStream:
		return f.tell(ctx, e.Records), nil
	case source == sourceQueue:
		return nil, f.parts(ctx, e.Records)
	}
	return f.run(ctx, part{Shard: 0, Of: 1})
}

// parts does the parts of a run that a queue brings, which by the template is one
// at a time.
func (f function) parts(ctx context.Context, records []record) error {
	var problems []error
	for _, r := range records {
		p, err := r.part()
		if err == nil {
			_, err = f.run(ctx, p)
		}
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

// run does a part of a run and writes its metrics.
func (f function) run(ctx context.Context, p part) (igauth.Report, error) {
	report, err := f.refresher.RunShard(ctx, p.Shard, p.Of)
	if err != nil && p.Of > 1 {
		err = fmt.Errorf("part %d of %d: %w", p.Shard, p.Of, err)
	}
	if report.StartedAt.IsZero() {
		return report, err // It was none.
	}
	if problem := emf.Write(f.stdout, metrics(f.stack, report)); problem != nil {
		f.log.WarnContext(ctx, "metrics not written", "err", problem)
	}
	return report, err
}

// metrics returns the numbers of a report.
func metrics(stack string, report igauth.Report) emf.Metrics {
	m := emf.Metrics{
		At:              report.StartedAt.Add(time.Duration(report.Seconds * float64(time.Second))),
		Stack:           stack,
		MinDaysToExpiry: report.MinDaysToExpiry,
		Due:             report.Due, Refreshed: report.Refreshed,
		RunSeconds:       report.Seconds,
		OutboxSeconds:    report.OutboxSeconds,
		RemovalsLate:     report.RemovalsLate,
		AccountsByStatus: byName(report.Counts),
		FailedByClass:    byName(report.Failed),
	}
	if report.Incident != nil {
		m.OpenIncidents = 1
	}
	m.AppUsagePercent, m.BusinessUsagePercent = percent(report.AppUsage), percent(report.BusinessUsage)
	return m
}

// percent returns a percentage that Meta has named, nil if it is 0: each metric
// costs money.
func percent(n int) *float64 {
	if n <= 0 {
		return nil
	}
	value := float64(n)
	return &value
}

// byName returns numbers under the plain texts of their names.
func byName[Name ~string](numbers map[Name]int) map[string]int {
	named := make(map[string]int, len(numbers))
	for name, n := range numbers {
		if n > 0 {
			// Each is a metric, which costs $0.30 a month.
			named[string(name)] = n
		}
	}
	return named
}

// tell sends what the rows of some records have to tell, each row once. A row that
// cannot be sent stops no other.
func (f function) tell(ctx context.Context, records []record) Failures {
	failures := Failures{BatchItemFailures: []Failure{}}
	told := map[string]bool{}
	for _, r := range records {
		key := r.DynamoDB.Keys.PK.S
		if told[key] {
			continue
		}
		told[key] = true
		var err error
		switch id := r.account(); {
		case key == healthKey:
			err = f.relay.Health(ctx)
		case id != "":
			err = f.relay.Accounts(ctx, id)
		}
		if err != nil {
			f.log.WarnContext(ctx, "events not sent", "row", key, "err", err)
			failures.BatchItemFailures = append(failures.BatchItemFailures, Failure{r.DynamoDB.SequenceNumber})
		}
	}
	return failures
}
