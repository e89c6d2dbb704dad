package app_test

import (
	"bytes"
	"log/slog"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"igauth/internal/igauth"
)

// One query finds the lines of the functions and of the command, which differ in
// nothing but who writes them.
func TestAuditHasTheNamesOfAFunctionsLog(t *testing.T) {
	reading := igauth.Reading{At: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), Who: "arn:aws:iam::1:user/shop", Account: "17841400000010111", Generation: 3}
	var command, function bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&function, &slog.HandlerOptions{ReplaceAttr: lambdacontext.ReplaceAttr}))
	for audit, out := range map[igauth.Auditor]*bytes.Buffer{igauth.LineAuditor(&command): &command, igauth.LogAuditor(log): &function} {
		if err := audit.Audit(t.Context(), reading); err != nil || out.Len() == 0 {
			t.Fatal(err)
		}
	}
	if command.String() != function.String() {
		t.Errorf("the command writes\n%sand a function\n%s", &command, &function)
	}
}
