package deployed

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"

	"igauth/internal/doctor"
)

// load returns the credentials and the region that the AWS CLI would use.
func load(ctx context.Context) (aws.Config, error) {
	cfg, err := config.LoadDefaultConfig(ctx)
	if profile, ok := errors.AsType[config.SharedConfigProfileNotExistError](err); ok {
		return aws.Config{}, errors.New("there is no AWS profile " + profile.Profile + ": look at AWS_PROFILE, or make it with aws configure")
	}
	if err != nil {
		return aws.Config{}, errors.New("the AWS configuration cannot be read: look at ~/.aws/config, ~/.aws/credentials and the variables AWS_…; aws sts get-caller-identity tells more")
	}
	if cfg.Region == "" {
		return aws.Config{}, errors.New("no AWS region is set: set AWS_REGION, or choose a profile with AWS_PROFILE")
	}
	return cfg, nil
}

// Variables returns the settings of a stack's functions, as they are deployed, so
// that the command works by them and not by what somebody's shell holds. Whoever
// calls it needs lambda:ListFunctions.
//
// If the settings cannot be had, they are nil, and why says the reason to a person.
// The error is one of the caller's own configuration.
func Variables(ctx context.Context, stack string) (settings doctor.Environment, why string, err error) {
	cfg, err := load(ctx)
	if err != nil {
		return nil, "", err
	}
	functions, err := functionsOf(ctx, cfg, time.Now, stack)
	// Of values that differ the first counts: that of the refresh, which decides what
	// happens to accounts.
	slices.SortFunc(functions, func(a, b doctor.Function) int { return strings.Compare(b.Part, a.Part) })
	findings, settings := doctor.Deployed(stack, functions, err)
	if settings == nil {
		return nil, findings[0].What, ctx.Err()
	}
	return settings, "", nil
}
