package deployed_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"igauth/internal/app/deployed"
	"igauth/internal/igauth"
)

// Who reads a token of a stack with the command stands in the log group of its
// API, and nobody reads one where there is none.
func TestAuditOfAStack(t *testing.T) {
	useEmulators(t)
	const stack = "audit-test"
	if _, _, err := deployed.OpenAudit(t.Context(), stack); err == nil || !strings.Contains(err.Error(), "logs:PutLogEvents") {
		t.Errorf("without a log group: got %v", err)
	}
	cfg, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	logs, group := cloudwatchlogs.NewFromConfig(cfg), aws.String(deployed.AuditLogGroup(stack))
	if _, err := logs.CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: group}); err != nil {
		t.Fatal(err)
	}
	audit, who, err := deployed.OpenAudit(t.Context(), stack)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(who, "arn:aws:sts::") {
		t.Errorf("who reads is %q", who)
	}
	reading := igauth.Reading{At: time.Now(), Who: who, Account: "17841400000010111", Code: igauth.CodeReauthRequired}
	if err := audit.Audit(t.Context(), reading); err != nil {
		t.Fatal(err)
	}
	out, err := logs.FilterLogEvents(t.Context(), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: group})
	if err != nil || len(out.Events) != 1 {
		t.Fatalf("got %d lines (%v)", len(out.Events), err)
	}
	var line struct{ Message, Timestamp, Who, AccountID, Result string }
	if err := json.Unmarshal([]byte(aws.ToString(out.Events[0].Message)), &line); err != nil {
		t.Fatal(err)
	}
	if line.Message != "audit" || line.Timestamp == "" || line.Who != who || line.AccountID != "17841400000010111" || line.Result != "reauth_required" {
		t.Errorf("got %+v", line)
	}
	if stream := aws.ToString(out.Events[0].LogStreamName); !strings.HasPrefix(stream, "command/") {
		t.Errorf("it stands in the stream %q", stream)
	}
}
