package igauth

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"
)

// A Reading is one attempt to read a token.
type Reading struct {
	At time.Time
	// Who reads: the ARN of an AWS identity, the name of a key, or a user of this
	// machine. Empty if that is not known.
	Who string
	// Account is whose token is wanted.
	Account AccountID
	// Code is why it was refused, "" if it is handed out.
	Code Code
	// Generation is the token's.
	Generation int64
}

// An Auditor writes readings down where they can be looked up later.
type Auditor interface {
	// Audit returns when the reading is written. A token whose reading cannot be
	// written is not handed out.
	Audit(ctx context.Context, reading Reading) error
}

// auditMessage is the message of every line of an audit, by which it is found.
const auditMessage = "audit"

// attrs returns the attributes of the reading's line, beside its time, in the
// order that the README documents. Result is "read" or a code.
func (r Reading) attrs() []slog.Attr {
	result := "read"
	if r.Code != "" {
		result = string(r.Code)
	}
	account := string(r.Account)
	if !r.Account.Valid() {
		account = "" // it may be anything
	}
	return []slog.Attr{
		slog.String("action", "token.read"),
		slog.String("who", r.Who),
		slog.String("accountId", account),
		slog.String("result", result),
		slog.Int64("generation", r.Generation),
	}
}

// LogAuditor writes readings into a log, whose handler must write each line
// before it returns, as those of log/slog do. It drops nothing, whatever level the
// log has.
func LogAuditor(log *slog.Logger) Auditor { return logAuditor{log} }

// LineAuditor writes each reading as a line of JSON. Its members have the names
// that a Lambda function's log has, so that one query finds the lines of both.
func LineAuditor(to io.Writer) Auditor {
	return LogAuditor(slog.New(slog.NewJSONHandler(to, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			switch a.Key {
			case slog.TimeKey:
				a.Key = "timestamp"
			case slog.MessageKey:
				a.Key = "message"
			}
			return a
		},
	})))
}

type logAuditor struct{ log *slog.Logger }

func (a logAuditor) Audit(ctx context.Context, reading Reading) error {
	record := slog.NewRecord(reading.At.UTC(), slog.LevelInfo, auditMessage, 0)
	record.AddAttrs(reading.attrs()...)
	if err := a.log.Handler().Handle(ctx, record); err != nil {
		return fmt.Errorf("writing into the log: %w", err)
	}
	return nil
}

// TokenFor is Token for somebody outside: the reading is written down before the
// token is handed out, and also if it is refused.
func (s *Store) TokenFor(ctx context.Context, audit Auditor, who string, id AccountID, minValid time.Duration) (Account, Token, error) {
	a, token, err := s.Token(ctx, id, minValid)
	reading := Reading{At: s.now(), Who: who, Account: id, Generation: a.Generation}
	if err != nil {
		reading.Code = CodeOf(err)
	}
	if unwritten := audit.Audit(ctx, reading); unwritten != nil {
		return Account{}, Token{}, fmt.Errorf("a token is not read without a line in the audit: %w", unwritten)
	}
	return a, token, err
}
