package secrets

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
)

// A fakeManager behaves as Secrets Manager is documented to, for the requests
// that this package makes. It is no emulator: what it claims is checked by
// running the same suite against one, as far as that is faithful.
type fakeManager struct {
	mu      sync.Mutex
	secrets map[string]*fakeSecret

	// lag is how many of the next reads do not see what was written.
	lag int
	// dying is how many of the next requests find a destroyed secret's name
	// still taken.
	dying int
	// before and after are called with an operation's name around its effect;
	// their error is the answer. With an error of after, the effect has
	// happened and its answer is lost.
	before, after func(operation string) error
	// calls lists the operations.
	calls []string
}

type fakeSecret struct {
	versions map[string]*fakeVersion
	tags     map[string]string
	dying    bool
}

type fakeVersion struct {
	text   string
	labels []string
}

func newFakeManager() *fakeManager { return &fakeManager{secrets: map[string]*fakeSecret{}} }

// Errors as the service words them.
var (
	errNoSecret  = &types.ResourceNotFoundException{Message: aws.String("Secrets Manager can't find the specified secret.")}
	errNoVersion = &types.ResourceNotFoundException{Message: aws.String("Secrets Manager can't find the specified secret value for VersionId.")}
	errDying     = &types.InvalidRequestException{Message: aws.String("You can't perform this operation on the secret because it was marked for deletion.")}
	errNameDying = &types.InvalidRequestException{Message: aws.String("You can't create this secret because a secret with this name is already scheduled for deletion.")}
	errExists    = &types.ResourceExistsException{Message: aws.String("The operation failed because the secret already exists.")}
	errOtherData = &types.ResourceExistsException{Message: aws.String("You can't use ClientRequestToken because that value is already in use for a version of the secret.")}
)

func do[Out any](ctx context.Context, f *fakeManager, operation string, effect func() (*Out, error)) (*Out, error) {
	if err := ctx.Err(); err != nil {
		return nil, &aws.RequestCanceledError{Err: err}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, operation)
	if f.before != nil {
		if err := f.before(operation); err != nil {
			return nil, err
		}
	}
	out, err := effect()
	if f.after != nil {
		if lost := f.after(operation); lost != nil {
			return nil, lost
		}
	}
	return out, err
}

// secret returns a secret that can be used. A destroyed one is there for a while.
func (f *fakeManager) secret(name *string) (*fakeSecret, error) {
	s := f.secrets[aws.ToString(name)]
	if s != nil && s.dying {
		if f.dying > 0 {
			f.dying--
			return s, errDying
		}
		delete(f.secrets, *name)
		s = nil
	}
	if s == nil {
		return nil, errNoSecret
	}
	return s, nil
}

// add stores a version and moves labels to it.
func (s *fakeSecret) add(version, text string, labels ...string) {
	if len(s.versions) == 0 {
		labels = append(labels, labelCurrent)
	}
	s.versions[version] = &fakeVersion{text: text}
	for _, label := range labels {
		s.move(label, version)
	}
}

// move moves a label; AWSPREVIOUS follows AWSCURRENT.
func (s *fakeSecret) move(label, version string) {
	for id, v := range s.versions {
		if i := slices.Index(v.labels, label); i >= 0 {
			v.labels = slices.Delete(v.labels, i, i+1)
			if label == labelCurrent && id != version {
				s.move("AWSPREVIOUS", id)
			}
		}
	}
	s.versions[version].labels = append(s.versions[version].labels, label)
}

var tokenPattern = regexp.MustCompile(`^[A-Za-z0-9-]{32,64}$`)

func (f *fakeManager) PutSecretValue(ctx context.Context, in *secretsmanager.PutSecretValueInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.PutSecretValueOutput, error) {
	return do(ctx, f, "PutSecretValue", func() (*secretsmanager.PutSecretValueOutput, error) {
		if !tokenPattern.MatchString(*in.ClientRequestToken) || len(in.VersionStages) == 0 {
			return nil, fmt.Errorf("fake: a Put with the token %q and the labels %q", *in.ClientRequestToken, in.VersionStages)
		}
		s, err := f.secret(in.SecretId)
		if err != nil {
			return nil, err
		}
		if old := s.versions[*in.ClientRequestToken]; old != nil {
			if old.text != *in.SecretString {
				return nil, errOtherData
			}
			return &secretsmanager.PutSecretValueOutput{}, nil
		}
		s.add(*in.ClientRequestToken, *in.SecretString, in.VersionStages...)
		return &secretsmanager.PutSecretValueOutput{}, nil
	})
}

func (f *fakeManager) CreateSecret(ctx context.Context, in *secretsmanager.CreateSecretInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.CreateSecretOutput, error) {
	return do(ctx, f, "CreateSecret", func() (*secretsmanager.CreateSecretOutput, error) {
		s, err := f.secret(in.Name)
		switch {
		case errors.Is(err, errDying):
			return nil, errNameDying
		case err == nil:
			if v := s.versions[*in.ClientRequestToken]; v != nil && v.text == *in.SecretString {
				return &secretsmanager.CreateSecretOutput{}, nil
			}
			return nil, errExists
		}
		s = &fakeSecret{versions: map[string]*fakeVersion{}, tags: map[string]string{}}
		for _, tag := range in.Tags {
			s.tags[*tag.Key] = *tag.Value
		}
		s.add(*in.ClientRequestToken, *in.SecretString)
		f.secrets[*in.Name] = s
		return &secretsmanager.CreateSecretOutput{}, nil
	})
}

func (f *fakeManager) GetSecretValue(ctx context.Context, in *secretsmanager.GetSecretValueInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error) {
	return do(ctx, f, "GetSecretValue", func() (*secretsmanager.GetSecretValueOutput, error) {
		s, err := f.visible(in.SecretId)
		if err != nil {
			return nil, err
		}
		version := aws.ToString(in.VersionId)
		if version == "" {
			version = s.labelled(labelCurrent)
		}
		v := s.versions[version]
		if v == nil {
			return nil, errNoVersion
		}
		return &secretsmanager.GetSecretValueOutput{SecretString: &v.text, VersionId: &version}, nil
	})
}

// visible returns a secret as a read sees it, which lags.
func (f *fakeManager) visible(name *string) (*fakeSecret, error) {
	if f.lag > 0 {
		f.lag--
		return nil, errNoSecret
	}
	return f.secret(name)
}

// labelled returns the version that has a label.
func (s *fakeSecret) labelled(label string) string {
	for id, v := range s.versions {
		if slices.Contains(v.labels, label) {
			return id
		}
	}
	return ""
}

func (f *fakeManager) DescribeSecret(ctx context.Context, in *secretsmanager.DescribeSecretInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.DescribeSecretOutput, error) {
	return do(ctx, f, "DescribeSecret", func() (*secretsmanager.DescribeSecretOutput, error) {
		s, err := f.visible(in.SecretId)
		if errors.Is(err, errDying) {
			return &secretsmanager.DescribeSecretOutput{DeletedDate: aws.Time(day)}, nil
		}
		if err != nil {
			return nil, err
		}
		out := &secretsmanager.DescribeSecretOutput{VersionIdsToStages: map[string][]string{}}
		for id, v := range s.versions {
			if len(v.labels) > 0 {
				out.VersionIdsToStages[id] = slices.Clone(v.labels)
			}
		}
		return out, nil
	})
}

func (f *fakeManager) UpdateSecretVersionStage(ctx context.Context, in *secretsmanager.UpdateSecretVersionStageInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.UpdateSecretVersionStageOutput, error) {
	return do(ctx, f, "UpdateSecretVersionStage", func() (*secretsmanager.UpdateSecretVersionStageOutput, error) {
		s, err := f.secret(in.SecretId)
		if err != nil {
			return nil, err
		}
		if s.versions[*in.MoveToVersionId] == nil {
			return nil, errNoVersion
		}
		if s.labelled(*in.VersionStage) != aws.ToString(in.RemoveFromVersionId) {
			return nil, &types.InvalidParameterException{Message: aws.String("The parameter RemoveFromVersionId can't be empty or does not match.")}
		}
		s.move(*in.VersionStage, *in.MoveToVersionId)
		return &secretsmanager.UpdateSecretVersionStageOutput{}, nil
	})
}

func (f *fakeManager) DeleteSecret(ctx context.Context, in *secretsmanager.DeleteSecretInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.DeleteSecretOutput, error) {
	return do(ctx, f, "DeleteSecret", func() (*secretsmanager.DeleteSecretOutput, error) {
		if !aws.ToBool(in.ForceDeleteWithoutRecovery) {
			return nil, errors.New("fake: a deletion that could be taken back")
		}
		// To force the deletion of a secret that is not there is no error.
		if s := f.secrets[*in.SecretId]; s != nil {
			s.dying = true
		}
		return &secretsmanager.DeleteSecretOutput{}, nil
	})
}
