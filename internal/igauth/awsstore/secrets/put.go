package secrets

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"igauth/internal/igauth"
)

// The labels of versions
// (https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html).
const (
	labelPending = "AWSPENDING"
	labelCurrent = "AWSCURRENT"
)

// tagStack is the tag on every secret that says which installation it is of, so
// that roles and bills can tell.
const tagStack = "igauth:stack"

// Put implements [igauth.Vault]. It waits for some seconds while the account's
// earlier secret is still being deleted, as a name cannot be used until then.
func (v *Vault) Put(ctx context.Context, slot igauth.Slot, profile igauth.Profile, token igauth.Token) (igauth.Ref, error) {
	name, err := v.name(slot.Account)
	if err != nil {
		return "", fmt.Errorf("putting a token: %w", err)
	}
	version := versionID(slot)
	if _, ours := generationOf(version); !ours || token.Value.IsZero() {
		return "", fmt.Errorf("putting a token into %s: the attempt is not 32 digits, or the token is empty", *name)
	}
	text, err := encode(slot, profile, token)
	if err != nil {
		return "", fmt.Errorf("putting a token into %s: %w", *name, err)
	}
	err = retry(ctx, v.gone, isTaken, func() error {
		err := v.putVersion(ctx, name, version, text)
		if _, missing := errors.AsType[*types.ResourceNotFoundException](err); missing {
			return v.create(ctx, name, version, text)
		}
		if _, exists := errors.AsType[*types.ResourceExistsException](err); exists {
			return v.confirm(ctx, slot.Account, name, version, token)
		}
		return err
	})
	if err != nil {
		return "", fmt.Errorf("putting a token into %s: %w", *name, quiet(err, token.Value, token.UserToken))
	}
	return igauth.Ref(version), nil
}

// putVersion writes a version that nobody reads yet.
func (v *Vault) putVersion(ctx context.Context, name *string, version string, text igauth.Secret) error {
	_, err := v.client.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{
		SecretId:           name,
		ClientRequestToken: &version,
		SecretString:       aws.String(text.Reveal()),
		VersionStages:      []string{labelPending},
	})
	return err
}

// create makes the secret with its first version.
func (v *Vault) create(ctx context.Context, name *string, version string, text igauth.Secret) error {
	var key *string
	if v.key != "" {
		key = &v.key
	}
	_, err := v.client.CreateSecret(ctx, &secretsmanager.CreateSecretInput{
		Name:               name,
		KmsKeyId:           key,
		Description:        aws.String("Access token of an Instagram account, kept alive by igauth"),
		ClientRequestToken: &version,
		SecretString:       aws.String(text.Reveal()),
		Tags:               []types.Tag{{Key: aws.String(tagStack), Value: &v.prefix}},
	})
	return err
}

// confirm answers a Put whose version exists with other data. If that is the
// same token, written with another remark about its owner, it is kept already.
func (v *Vault) confirm(ctx context.Context, account igauth.AccountID, name *string, version string, token igauth.Token) error {
	kept, err := v.read(ctx, account, name, version)
	if err != nil {
		return fmt.Errorf("reading what the attempt put before: %w", err)
	}
	if !kept.Value.Equal(token.Value) || !kept.UserToken.Equal(token.UserToken) {
		return errors.New("the attempt has put another token before")
	}
	return nil
}

// isTaken reports whether the secret's name is taken but its value cannot be
// written: by a secret that is being deleted, or by one that somebody else is
// just creating.
func isTaken(err error) bool {
	if _, exists := errors.AsType[*types.ResourceExistsException](err); exists {
		return true
	}
	_, invalid := errors.AsType[*types.InvalidRequestException](err)
	return invalid
}

// quiet returns the error of a request that held secrets, unless the service's
// message repeats one.
func quiet(err error, secrets ...igauth.Secret) error {
	for _, secret := range secrets {
		if !secret.IsZero() && strings.Contains(err.Error(), secret.Reveal()) {
			return errors.New("the service's answer is withheld, as it repeats a token")
		}
	}
	return err
}
