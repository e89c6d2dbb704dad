package secrets

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"igauth/internal/igauth"
)

// Get implements [igauth.Vault]. Secrets Manager's reads may lag behind its
// writes, so that a token that is not there is asked for again for two seconds.
func (v *Vault) Get(ctx context.Context, slot igauth.Slot, ref igauth.Ref) (igauth.Token, error) {
	name, err := v.name(slot.Account)
	if err != nil {
		return igauth.Token{}, fmt.Errorf("getting a token: %w", err)
	}
	if !v.Keeps(ref) {
		// A row that another kind of vault has filled says nothing about what
		// is in this one.
		return igauth.Token{}, fmt.Errorf("getting a token from %s: the row's reference was not made by this vault", *name)
	}
	var token igauth.Token
	err = retry(ctx, v.visible, mayLag, func() (err error) {
		token, err = v.read(ctx, slot.Account, name, string(ref))
		return err
	})
	if err != nil {
		return igauth.Token{}, fmt.Errorf("getting a token from %s: %w", *name, missing(err))
	}
	return token, nil
}

// Find implements [igauth.Vault]. It is called long after the attempt, when
// nothing lags any more.
func (v *Vault) Find(ctx context.Context, slot igauth.Slot) (igauth.Ref, igauth.Token, error) {
	name, err := v.name(slot.Account)
	if err != nil {
		return "", igauth.Token{}, fmt.Errorf("finding a token: %w", err)
	}
	version := versionID(slot)
	if version == "" {
		return "", igauth.Token{}, fmt.Errorf("finding a token in %s without an attempt: %w", *name, igauth.ErrNotFound)
	}
	token, err := v.read(ctx, slot.Account, name, version)
	if err != nil {
		return "", igauth.Token{}, fmt.Errorf("finding a token in %s: %w", *name, missing(err))
	}
	return igauth.Ref(version), token, nil
}

// read returns the token in one version of a secret.
func (v *Vault) read(ctx context.Context, account igauth.AccountID, name *string, version string) (igauth.Token, error) {
	out, err := v.client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{
		SecretId:  name,
		VersionId: &version,
	})
	if err != nil {
		return igauth.Token{}, err
	}
	return decode(account, aws.ToString(out.SecretString))
}

// Keeps implements [igauth.Vault]: whatever has the form of our versions' ids.
func (v *Vault) Keeps(ref igauth.Ref) bool {
	_, ours := generationOf(string(ref))
	return ours
}

// Promote implements [igauth.Vault]. If the label is where replaced says, one
// call moves it. If not, the secret is looked at; nothing happens when a token of
// a later generation is current, so that a writer that was held up after its
// commit cannot bring back what was replaced since.
func (v *Vault) Promote(ctx context.Context, slot igauth.Slot, ref, replaced igauth.Ref) error {
	name, err := v.name(slot.Account)
	if err != nil {
		return fmt.Errorf("promoting a token: %w", err)
	}
	if v.Keeps(replaced) && v.move(ctx, name, string(ref), string(replaced)) == nil {
		return nil
	}
	err = retry(ctx, v.visible, mayLag, func() error { return v.lookAndMove(ctx, name, slot, ref) })
	if err != nil {
		return fmt.Errorf("promoting a token in %s: %w", *name, missing(err))
	}
	return nil
}

// lookAndMove moves AWSCURRENT to ref from where it is, unless that is a later
// generation.
func (v *Vault) lookAndMove(ctx context.Context, name *string, slot igauth.Slot, ref igauth.Ref) error {
	secret, err := v.client.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: name})
	if err != nil {
		return err
	}
	if secret.DeletedDate != nil {
		// Only the value of a secret that is being deleted is withheld.
		return igauth.ErrNotFound
	}
	current := versionWith(secret.VersionIdsToStages, labelCurrent)
	if current == string(ref) {
		return nil
	}
	if generation, known := generationOf(current); known && generation > slot.Generation {
		return nil
	}
	return v.move(ctx, name, string(ref), current)
}

// mayLag reports whether an answer may be due to a read that lags: what is there
// was not seen, or what was seen has changed.
func mayLag(err error) bool {
	_, changed := errors.AsType[*types.InvalidParameterException](err)
	return changed || isMissing(err) || errors.Is(err, igauth.ErrNotFound)
}

// move moves AWSCURRENT to a version. It fails if the label is not on the
// version from which it is to be moved, "" for none.
func (v *Vault) move(ctx context.Context, name *string, to, from string) error {
	input := &secretsmanager.UpdateSecretVersionStageInput{
		SecretId:        name,
		VersionStage:    aws.String(labelCurrent),
		MoveToVersionId: &to,
	}
	if from != "" {
		input.RemoveFromVersionId = &from
	}
	_, err := v.client.UpdateSecretVersionStage(ctx, input)
	return err
}

// versionWith returns the id of the version that has a label, "" if none has.
func versionWith(stages map[string][]string, label string) string {
	for version, labels := range stages {
		if slices.Contains(labels, label) {
			return version
		}
	}
	return ""
}

// Destroy implements [igauth.Vault]. The secret is deleted without the days in
// which it could be restored, as the owner was told that it is gone. Secrets
// Manager finishes that later
// (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html);
// the value cannot be read from now on.
//
// Secrets Manager deletes on no condition, so that the secret is looked at first.
// Who is held up between the two for longer than a lease destroys too much. A
// secret that is not seen is deleted all the same, as reads lag.
func (v *Vault) Destroy(ctx context.Context, slot igauth.Slot) error {
	name, err := v.name(slot.Account)
	if err != nil {
		return fmt.Errorf("destroying tokens: %w", err)
	}
	secret, err := v.client.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: name})
	if err != nil && !isUnknown(err) {
		return fmt.Errorf("looking for later tokens in %s: %w", *name, err)
	}
	if err == nil {
		for version := range secret.VersionIdsToStages {
			if generation, ours := generationOf(version); ours && generation > slot.Generation {
				return fmt.Errorf("destroying the tokens in %s: a later one is there: %w", *name, igauth.ErrConflict)
			}
		}
	}
	_, err = v.client.DeleteSecret(ctx, &secretsmanager.DeleteSecretInput{
		SecretId:                   name,
		ForceDeleteWithoutRecovery: aws.Bool(true),
	})
	if err != nil && !isUnknown(err) {
		return fmt.Errorf("destroying the tokens in %s: %w", *name, err)
	}
	return nil
}

// isUnknown reports whether Secrets Manager does not know the secret or the
// version, or not yet.
func isUnknown(err error) bool {
	_, unknown := errors.AsType[*types.ResourceNotFoundException](err)
	return unknown
}

// missing turns an error that means that there is no such token into
// [igauth.ErrNotFound], and leaves any other as it is.
func missing(err error) error {
	if isMissing(err) {
		return igauth.ErrNotFound
	}
	return err
}
