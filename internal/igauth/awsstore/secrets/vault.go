// Package secrets keeps tokens in AWS Secrets Manager, one secret for each
// account, and reads the fixed secrets of the installation.
//
// # The secret of an account
//
// It is named "<prefix>/accounts/<account id>". Any program with access to AWS may
// read it: the version with the label AWSCURRENT is the token of the last
// committed row. The name, the label and the value are promises; members may be
// added to the value, but not changed:
//
//	{
//	  "access_token": "IGAA…",
//	  "token_type": "bearer",
//	  "account_id": "17841401313574613",
//	  "app_scoped_id": "24999999999999999",
//	  "username": "bakery",
//	  "issued_at": "2026-05-04T03:02:01Z",
//	  "expires_at": "2026-07-03T03:02:01Z",
//	  "scopes": ["instagram_business_basic"],
//	  "generation": 7
//	}
//
// Times are in UTC. Ids are text, since they exceed what a float can hold. Scopes
// are null when Meta did not say which were granted. The generation counts the
// account's tokens. A token that never ends has no expires_at. An account of
// Facebook Login has two members more: user_access_token, the person's token by
// which the account's is renewed and which nobody else needs, and
// data_access_until, if there is such a clock.
//
// # Two phases
//
// Each token is a version of its own. [Vault.Put] writes it with the label
// AWSPENDING, which nobody reads; the row is committed with the version's id as
// its Ref; then [Vault.Promote] moves AWSCURRENT. A reader of AWSCURRENT thus
// never sees a token that lost a race.
//
// The first version of a secret is the exception. Secrets Manager labels it
// AWSCURRENT in any case
// (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html),
// so that nothing is gained by making the secret first and writing the token
// second. There is no other token then that it could displace.
//
// # The id of a version
//
// The id is chosen by us: "<attempt>-<generation>" of the [igauth.Slot]. By the
// attempt a token is found whose writer died, and by the generation a promotion
// that comes late sees that it is not wanted any more. Secrets Manager takes 32
// to 64 characters, and treats a repetition with the same id and value as done.
package secrets

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"igauth/internal/igauth"
)

// vaultAPI is what a Vault calls of the Secrets Manager client.
type vaultAPI interface {
	CreateSecret(context.Context, *secretsmanager.CreateSecretInput, ...func(*secretsmanager.Options)) (*secretsmanager.CreateSecretOutput, error)
	PutSecretValue(context.Context, *secretsmanager.PutSecretValueInput, ...func(*secretsmanager.Options)) (*secretsmanager.PutSecretValueOutput, error)
	GetSecretValue(context.Context, *secretsmanager.GetSecretValueInput, ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error)
	UpdateSecretVersionStage(context.Context, *secretsmanager.UpdateSecretVersionStageInput, ...func(*secretsmanager.Options)) (*secretsmanager.UpdateSecretVersionStageOutput, error)
	DescribeSecret(context.Context, *secretsmanager.DescribeSecretInput, ...func(*secretsmanager.Options)) (*secretsmanager.DescribeSecretOutput, error)
	DeleteSecret(context.Context, *secretsmanager.DeleteSecretInput, ...func(*secretsmanager.Options)) (*secretsmanager.DeleteSecretOutput, error)
}

var (
	_ vaultAPI     = (*secretsmanager.Client)(nil)
	_ igauth.Vault = (*Vault)(nil)
)

// Config is what a Vault is made of.
type Config struct {
	// Client is a *secretsmanager.Client.
	Client vaultAPI
	// Prefix begins the name of every secret, and is the value of the tag
	// "igauth:stack" on each. It is the name of the installation.
	Prefix string
	// Key is the id or ARN of the KMS key that encrypts new secrets; "" is the
	// key that AWS keeps for Secrets Manager.
	Key string
}

// A Vault is an [igauth.Vault] in Secrets Manager. Its methods cost, when
// nothing goes wrong:
//
//   - Put: one call, for the first token of an account two;
//   - Get and Find: one call;
//   - Promote: one call; two when the Ref that is replaced is not known, and one
//     where there is nothing to do, as for the first token;
//   - Destroy: two calls.
//
// All writes of an AWS account in a Region share 50 calls a second for versions
// and labels
// (https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html),
// which is why the domain paces its refreshes. Neither may one secret be written
// more often than every ten minutes for long.
type Vault struct {
	client vaultAPI
	prefix string
	key    string
	// visible is how long a version that was written may be unknown to a read,
	// and gone how long a name may be taken by a secret that was deleted.
	visible, gone time.Duration
}

// namePattern is what the name of a secret may be made of
// (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html).
var namePattern = regexp.MustCompile(`^[A-Za-z0-9/_+=.@-]{1,256}$`)

// NewVault returns a Vault, or what is wrong with its configuration. It makes no
// call.
func NewVault(cfg Config) (*Vault, error) {
	if cfg.Client == nil {
		return nil, errors.New("a vault on Secrets Manager needs a client")
	}
	if !namePattern.MatchString(cfg.Prefix) {
		return nil, fmt.Errorf("the prefix of the secrets' names must be 1 to 256 of the characters A-Z a-z 0-9 / _ + = . @ -, not %q", cfg.Prefix)
	}
	return &Vault{
		client:  cfg.Client,
		prefix:  cfg.Prefix,
		key:     cfg.Key,
		visible: 2 * time.Second,
		gone:    10 * time.Second,
	}, nil
}

// name returns the name of an account's secret.
func (v *Vault) name(id igauth.AccountID) (*string, error) {
	if !id.Valid() {
		return nil, fmt.Errorf("%q is no account id", id)
	}
	name := v.prefix + "/accounts/" + string(id)
	return &name, nil
}

// versionID returns the id of the version for a slot, or "" if the slot names no
// attempt, under which nothing can have been put.
func versionID(slot igauth.Slot) string {
	if slot.Attempt == "" {
		return ""
	}
	return slot.Attempt + "-" + strconv.FormatInt(slot.Generation, 10)
}

// generationOf returns the generation of which a version id tells, and whether
// it does: a version that was written by hand has another kind of id.
func generationOf(version string) (int64, bool) {
	attempt, text, found := strings.Cut(version, "-")
	generation, err := strconv.ParseInt(text, 10, 64)
	return generation, found && len(attempt) == 32 && err == nil
}

// isMissing reports whether Secrets Manager said that there is no such secret or
// version, or that the secret is being deleted, which it says with the error for
// every request that does not fit the secret's state.
func isMissing(err error) bool {
	if _, ok := errors.AsType[*types.ResourceNotFoundException](err); ok {
		return true
	}
	invalid, ok := errors.AsType[*types.InvalidRequestException](err)
	return ok && strings.Contains(invalid.ErrorMessage(), "delet")
}

// retry calls do until it succeeds or fails with an error that is not worth
// waiting for. It waits for at most a time in all, with growing pauses.
func retry(ctx context.Context, atMost time.Duration, worth func(error) bool, do func() error) error {
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		err := do()
		if err == nil || !worth(err) || pause > atMost {
			return err
		}
		atMost -= pause
		select {
		case <-ctx.Done():
			// The last answer is no final one, so that it is not wrapped.
			return fmt.Errorf("%w, after: %v", ctx.Err(), err)
		case <-time.After(pause):
		}
	}
}
