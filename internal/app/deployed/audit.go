package deployed

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"igauth/internal/igauth"
)

// AuditLogGroup is the log group in which a stack's backend API writes who has
// read a token. The command writes there, too, so that one query finds both.
func AuditLogGroup(stack string) string { return "/aws/lambda/" + stack + "-accounts" }

// An audit writes readings into a log stream of its own.
type audit struct {
	client        *cloudwatchlogs.Client
	group, stream string
}

// OpenAudit returns where readings of a stack's tokens are written down, and the
// ARN of the AWS identity that reads. It needs the rights logs:CreateLogStream and
// logs:PutLogEvents on the log group.
func OpenAudit(ctx context.Context, stack string) (igauth.Auditor, string, error) {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, "", fmt.Errorf("finding the AWS credentials: %w", err)
	}
	who, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return nil, "", fmt.Errorf("finding out who reads the token, for the audit: %w", err)
	}
	var id [8]byte
	if _, err := rand.Read(id[:]); err != nil {
		return nil, "", err
	}
	a := &audit{
		client: cloudwatchlogs.NewFromConfig(cfg),
		group:  AuditLogGroup(stack),
		stream: "command/" + hex.EncodeToString(id[:]),
	}
	_, err = a.client.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: &a.group, LogStreamName: &a.stream})
	if err != nil {
		return nil, "", fmt.Errorf("who reads a token is written into the log group %s, which needs the rights logs:CreateLogStream and logs:PutLogEvents on it: %w", a.group, err)
	}
	return a, aws.ToString(who.Arn), nil
}

// Audit implements [igauth.Auditor].
func (a *audit) Audit(ctx context.Context, reading igauth.Reading) error {
	var line bytes.Buffer
	if err := igauth.LineAuditor(&line).Audit(ctx, reading); err != nil {
		return err
	}
	out, err := a.client.PutLogEvents(ctx, &cloudwatchlogs.PutLogEventsInput{
		LogGroupName: &a.group, LogStreamName: &a.stream,
		LogEvents: []types.InputLogEvent{{
			Message:   aws.String(strings.TrimSpace(line.String())),
			Timestamp: aws.Int64(reading.At.UnixMilli()),
		}},
	})
	if err != nil {
		return fmt.Errorf("writing into the log group %s: %w", a.group, err)
	}
	if out.RejectedLogEventsInfo != nil {
		return errors.New("the log group " + a.group + " has rejected the line: is this machine's clock right?")
	}
	return nil
}
