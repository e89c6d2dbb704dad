// Package deployed composes what the command needs to work on a stack that is
// deployed in AWS, with the credentials of the person who calls it.
package deployed

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/aws/aws-sdk-go-v2/config"

	"igauth/internal/app"
	"igauth/internal/app/stores"
)

// TableName is the name that the template gives the ledger of a stack.
func TableName(stack string) string { return stack + "-ledger" }

// Open returns the parts of a stack. Credentials, region and endpoints are found
// where the AWS CLI finds them; the hosts of Instagram may be set in the
// environment.
func Open(ctx context.Context, stack string, getenv func(string) string, log *slog.Logger) (app.Parts, error) {
	settings, err := app.Load(getenv)
	if err != nil {
		return app.Parts{}, err
	}
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return app.Parts{}, fmt.Errorf("finding the AWS credentials: %w", err)
	}
	if cfg.Region == "" {
		return app.Parts{}, fmt.Errorf("no AWS region is set: set AWS_REGION, or choose a profile with AWS_PROFILE")
	}
	settings.SecretPrefix, settings.Table = stack, TableName(stack)
	parts, err := stores.Open(cfg, settings)
	parts.Log = log
	return parts, err
}
