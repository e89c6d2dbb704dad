package secrets

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"igauth/internal/igauth"
)

// A Writer changes a fixed secret of an installation, such as the keyset of a
// sealed vault.
type Writer struct {
	client vaultAPI
	stack  string
	key    string
}

// NewWriter returns a Writer. The secrets that it creates have the tag
// "igauth:stack" and are encrypted with the KMS key; "" is AWS's own.
func NewWriter(client vaultAPI, stack, key string) *Writer {
	return &Writer{client: client, stack: stack, key: key}
}

// Change replaces the value of a secret by what change makes of it, or creates
// it: then change gets an empty text. If somebody else changes the secret at the
// same time, one of both fails with igauth.ErrConflict and has changed nothing.
func (w *Writer) Change(ctx context.Context, name string, change func(old igauth.Secret) (igauth.Secret, error)) error {
	current, err := w.client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{
		SecretId:     &name,
		VersionStage: aws.String(labelCurrent),
	})
	unknown := isUnknown(err)
	if err != nil && !unknown {
		return fmt.Errorf("reading secret %s: %w", name, err)
	}
	var old igauth.Secret
	if !unknown {
		old = igauth.NewSecret(aws.ToString(current.SecretString))
	}
	text, err := change(old)
	if err != nil {
		return err
	}
	var random [16]byte
	_, _ = rand.Read(random[:]) // it never fails; see crypto/rand
	version := hex.EncodeToString(random[:])
	if unknown {
		err = w.create(ctx, name, version, text)
	} else {
		err = w.replace(ctx, name, version, aws.ToString(current.VersionId), text)
	}
	if err != nil && !errors.Is(err, igauth.ErrConflict) {
		err = quiet(err, text)
	}
	if err != nil {
		return fmt.Errorf("changing secret %s: %w", name, err)
	}
	return nil
}

func (w *Writer) create(ctx context.Context, name, version string, text igauth.Secret) error {
	input := &secretsmanager.CreateSecretInput{
		Name:               &name,
		ClientRequestToken: &version,
		SecretString:       aws.String(text.Reveal()),
		Tags:               []types.Tag{{Key: aws.String(tagStack), Value: &w.stack}},
	}
	if w.key != "" {
		input.KmsKeyId = &w.key
	}
	_, err := w.client.CreateSecret(ctx, input)
	if _, exists := errors.AsType[*types.ResourceExistsException](err); exists {
		return igauth.ErrConflict
	}
	return err
}

// replace puts a version that nobody reads, and moves the label to it on the
// condition that it is where it was.
func (w *Writer) replace(ctx context.Context, name, version, replaced string, text igauth.Secret) error {
	_, err := w.client.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{
		SecretId:           &name,
		ClientRequestToken: &version,
		SecretString:       aws.String(text.Reveal()),
		VersionStages:      []string{labelPending},
	})
	if err != nil {
		return err
	}
	_, err = w.client.UpdateSecretVersionStage(ctx, &secretsmanager.UpdateSecretVersionStageInput{
		SecretId:            &name,
		VersionStage:        aws.String(labelCurrent),
		MoveToVersionId:     &version,
		RemoveFromVersionId: &replaced,
	})
	if err == nil {
		return nil
	}
	// It may have happened all the same, or another version may be current now.
	look, again := w.client.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &name})
	if again != nil {
		return errors.Join(err, again)
	}
	switch versionWith(look.VersionIdsToStages, labelCurrent) {
	case version:
		return nil
	case replaced:
		return err
	}
	return igauth.ErrConflict
}
