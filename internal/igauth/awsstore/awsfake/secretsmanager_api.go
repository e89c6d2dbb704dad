package awsfake

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
)

// PutSecretValue adds a version. With the id of an earlier version it does
// nothing if the value is the same, and fails otherwise
// (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html).
func (m *SecretsManager) PutSecretValue(ctx context.Context, in *secretsmanager.PutSecretValueInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.PutSecretValueOutput, error) {
	name := nameOf(in.SecretId)
	return do(ctx, &m.service, "PutSecretValue", name, func(now time.Time) (*secretsmanager.PutSecretValueOutput, error) {
		if err := checkValue(in.ClientRequestToken, in.SecretString); err != nil {
			return nil, err
		}
		if err := m.throttle(now); err != nil {
			return nil, err
		}
		s, err := m.secret(name, now)
		if err != nil {
			return nil, err
		}
		id := *in.ClientRequestToken
		if old, used := s.Versions[id]; !used {
			labels := in.VersionStages
			if len(labels) == 0 {
				labels = []string{labelCurrent}
			}
			s.add(id, *in.SecretString, now, labels...)
			m.added[name] = append(m.added[name], now)
			m.changed(name, now)
		} else if old.Text != *in.SecretString {
			return nil, exists("You can't use ClientRequestToken because that value is already in use for a version of secret " + *arn(name) + ".")
		}
		return &secretsmanager.PutSecretValueOutput{
			ARN: arn(name), Name: &name, VersionId: &id, VersionStages: slices.Clone(s.Versions[id].Labels),
		}, nil
	})
}

// CreateSecret makes a secret with its first version. To repeat it with the same
// id and value does nothing
// (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html).
func (m *SecretsManager) CreateSecret(ctx context.Context, in *secretsmanager.CreateSecretInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.CreateSecretOutput, error) {
	name := aws.ToString(in.Name)
	return do(ctx, &m.service, "CreateSecret", name, func(now time.Time) (*secretsmanager.CreateSecretOutput, error) {
		if err := errors.Join(checkName(name), checkValue(in.ClientRequestToken, in.SecretString)); err != nil {
			return nil, err
		}
		id := *in.ClientRequestToken
		out := &secretsmanager.CreateSecretOutput{ARN: arn(name), Name: &name, VersionId: &id}
		switch s, err := m.secret(name, now); {
		case s != nil && err != nil:
			return nil, nameDeleted()
		case s != nil:
			if old, used := s.Versions[id]; used && old.Text == *in.SecretString {
				return out, nil
			}
			return nil, exists("The operation failed because the secret " + name + " already exists.")
		}
		s := &Secret{Versions: map[string]Version{}, Tags: map[string]string{}}
		for _, tag := range in.Tags {
			s.Tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
		}
		s.add(id, *in.SecretString, now)
		m.secrets[name] = s
		m.added[name] = append(m.added[name], now)
		m.changed(name, now)
		return out, nil
	})
}

// GetSecretValue returns a version: by its id, by a label, or the current one
// (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html).
func (m *SecretsManager) GetSecretValue(ctx context.Context, in *secretsmanager.GetSecretValueInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error) {
	name := nameOf(in.SecretId)
	return do(ctx, &m.service, "GetSecretValue", name, func(now time.Time) (*secretsmanager.GetSecretValueOutput, error) {
		s := m.visible(name, now)
		switch {
		case s == nil:
			return nil, noSecret()
		case !s.DeletedAt.IsZero():
			return nil, deleted()
		}
		id, label := aws.ToString(in.VersionId), aws.ToString(in.VersionStage)
		if id == "" && label == "" {
			label = labelCurrent
		}
		if label != "" {
			labelled := s.Labelled(label)
			if labelled == "" || id != "" && id != labelled {
				return nil, noVersion("staging label: " + label)
			}
			id = labelled
		}
		v, known := s.Versions[id]
		if !known {
			return nil, noVersion("VersionId: " + id)
		}
		return &secretsmanager.GetSecretValueOutput{
			ARN: arn(name), Name: &name, VersionId: &id, SecretString: &v.Text,
			VersionStages: slices.Clone(v.Labels), CreatedDate: &v.AddedAt,
		}, nil
	})
}

// DescribeSecret returns the versions that have labels, also of a secret that is
// being deleted
// (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html).
func (m *SecretsManager) DescribeSecret(ctx context.Context, in *secretsmanager.DescribeSecretInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.DescribeSecretOutput, error) {
	name := nameOf(in.SecretId)
	return do(ctx, &m.service, "DescribeSecret", name, func(now time.Time) (*secretsmanager.DescribeSecretOutput, error) {
		s := m.visible(name, now)
		if s == nil {
			return nil, noSecret()
		}
		out := &secretsmanager.DescribeSecretOutput{ARN: arn(name), Name: &name, VersionIdsToStages: map[string][]string{}}
		for id, v := range s.Versions {
			if len(v.Labels) > 0 {
				out.VersionIdsToStages[id] = slices.Clone(v.Labels)
			}
		}
		for _, key := range slices.Sorted(maps.Keys(s.Tags)) {
			out.Tags = append(out.Tags, types.Tag{Key: &key, Value: aws.String(s.Tags[key])})
		}
		if !s.DeletedAt.IsZero() {
			out.DeletedDate = &s.DeletedAt
		}
		return out, nil
	})
}

// UpdateSecretVersionStage moves a label, if it is on the version from which it
// is to be removed
// (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html).
func (m *SecretsManager) UpdateSecretVersionStage(ctx context.Context, in *secretsmanager.UpdateSecretVersionStageInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.UpdateSecretVersionStageOutput, error) {
	name := nameOf(in.SecretId)
	return do(ctx, &m.service, "UpdateSecretVersionStage", name, func(now time.Time) (*secretsmanager.UpdateSecretVersionStageOutput, error) {
		label, to := aws.ToString(in.VersionStage), aws.ToString(in.MoveToVersionId)
		if label == "" || to == "" && label == labelCurrent {
			return nil, invalid("A label is needed, and AWSCURRENT can be moved only.")
		}
		if err := m.throttle(now); err != nil {
			return nil, err
		}
		s, err := m.secret(name, now)
		if err != nil {
			return nil, err
		}
		if _, known := s.Versions[to]; !known && to != "" {
			return nil, noVersion("VersionId: " + to)
		}
		from := s.Labelled(label)
		if from != aws.ToString(in.RemoveFromVersionId) {
			return nil, invalid("The parameter RemoveFromVersionId can't be empty. Staging label " + label + " is currently attached to version " + from + ", so you must explicitly reference that version in RemoveFromVersionId.")
		}
		if to != "" {
			s.move(label, to)
		} else if from != "" {
			s.unlabel(label, from)
		}
		m.changed(name, now)
		return &secretsmanager.UpdateSecretVersionStageOutput{ARN: arn(name), Name: &name}, nil
	})
}

// DeleteSecret deletes a secret after 7 to 30 days or, if forced, soon. To force
// it for a secret that is not there is no error
// (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html).
func (m *SecretsManager) DeleteSecret(ctx context.Context, in *secretsmanager.DeleteSecretInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.DeleteSecretOutput, error) {
	name := nameOf(in.SecretId)
	return do(ctx, &m.service, "DeleteSecret", name, func(now time.Time) (*secretsmanager.DeleteSecretOutput, error) {
		force := aws.ToBool(in.ForceDeleteWithoutRecovery)
		days := aws.ToInt64(in.RecoveryWindowInDays)
		if in.RecoveryWindowInDays == nil {
			days = 30
		}
		switch {
		case force && in.RecoveryWindowInDays != nil:
			return nil, invalid("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.")
		case days < 7 || days > 30:
			return nil, invalid("The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).")
		}
		out := &secretsmanager.DeleteSecretOutput{ARN: arn(name), Name: &name, DeletionDate: &now}
		s, err := m.secret(name, now)
		switch {
		case s == nil && force:
			return out, nil
		case s == nil, err != nil && !force:
			return nil, err
		case err != nil && s.forced:
			// It is under way, and does not begin anew.
			return out, nil
		}
		s.DeletedAt, s.forced, s.gone = now, force, m.cfg.Deletion.from(now)
		if !force {
			s.gone = Lag{For: time.Duration(days) * 24 * time.Hour}.from(now)
			out.DeletionDate = &s.gone.until
		}
		m.changed(name, now)
		return out, nil
	})
}
