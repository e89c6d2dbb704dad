package awsfake

import (
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
)

// SecretsManagerConfig says how a fake of Secrets Manager behaves. The zero value
// is prompt and never fails.
type SecretsManagerConfig struct {
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Before and After are called around the effect of every request. With an
	// error of After, the effect has happened and its answer is lost.
	Before, After Hook
	// Reads is for how long GetSecretValue and DescribeSecret answer as if a
	// change had not been made. Requests are counted for each secret.
	Reads Lag
	// Deletion is for how long a name stays taken after a forced deletion, whose
	// requests are all that name it.
	Deletion Lag
	// DropUnlabelled removes a version without a label when it is a day old. Usually
	// it is removed when there are more than a hundred besides.
	DropUnlabelled bool
	// WritesPerSecond is how many versions and labels may be written within a
	// second of the clock before the answer is ErrThrottled; 0 means no limit. AWS
	// allows 50.
	WritesPerSecond int
}

// SecretsManager imitates a client of Secrets Manager.
type SecretsManager struct {
	service[SecretsManagerConfig]
	secrets map[string]*Secret
	views   map[string]*view[*Secret]
	// added are the times at which versions were added, by secret.
	added map[string][]time.Time
	// writes are the times of the writes that count for the limit.
	writes []time.Time
}

// NewSecretsManager returns a fake without secrets.
func NewSecretsManager(cfg SecretsManagerConfig) *SecretsManager {
	return &SecretsManager{
		service: service[SecretsManagerConfig]{
			cfg: cfg,
			common: func(cfg *SecretsManagerConfig) (func() time.Time, Hook, Hook) {
				return cfg.Now, cfg.Before, cfg.After
			},
		},
		secrets: map[string]*Secret{},
		views:   map[string]*view[*Secret]{},
		added:   map[string][]time.Time{},
	}
}

// Secrets returns copies of all secrets by their names, also of those that are
// still being deleted.
func (m *SecretsManager) Secrets() map[string]Secret {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	all := map[string]Secret{}
	for name, s := range m.secrets {
		if s.DeletedAt.IsZero() || s.gone.lasts(now) {
			all[name] = s.clone()
		}
	}
	return all
}

// Added returns the times at which versions were added to each secret, in order
// and also of secrets that are gone. A repetition that changed nothing is not
// among them.
func (m *SecretsManager) Added() map[string][]time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := map[string][]time.Time{}
	for name, times := range m.added {
		all[name] = append([]time.Time(nil), times...)
	}
	return all
}

// Errors in the words of the service.
func noSecret() error {
	return &types.ResourceNotFoundException{Message: aws.String("Secrets Manager can't find the specified secret.")}
}
func noVersion(by string) error {
	return &types.ResourceNotFoundException{Message: aws.String("Secrets Manager can't find the specified secret value for " + by)}
}
func deleted() error {
	return &types.InvalidRequestException{Message: aws.String("You can't perform this operation on the secret because it was marked for deletion.")}
}
func nameDeleted() error {
	return &types.InvalidRequestException{Message: aws.String("You can't create this secret because a secret with this name is already scheduled for deletion.")}
}
func exists(message string) error {
	return &types.ResourceExistsException{Message: &message}
}
func invalid(message string) error {
	return &types.InvalidParameterException{Message: &message}
}

// What names and versions' ids may be made of
// (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html).
var (
	namePattern    = regexp.MustCompile(`^[A-Za-z0-9/_+=.@-]{1,512}$`)
	versionPattern = regexp.MustCompile(`^[A-Za-z0-9-]{32,64}$`)
	arnPattern     = regexp.MustCompile(`^arn:aws:secretsmanager:[^:]*:[^:]*:secret:(.*)-[A-Za-z0-9]{6}$`)
)

// longest is how many bytes a value may have.
const longest = 65536

// arn returns the ARN of a secret, and nameOf the name in one.
func arn(name string) *string {
	return aws.String("arn:aws:secretsmanager:eu-central-1:123456789012:secret:" + name + "-AbCdEf")
}

func nameOf(id *string) string {
	if found := arnPattern.FindStringSubmatch(aws.ToString(id)); found != nil {
		return found[1]
	}
	return aws.ToString(id)
}

// checkValue returns what is wrong with a value and the id of its version. The
// id is required: the SDK makes one up only where the client is a real one.
func checkValue(id, text *string) error {
	switch {
	case !versionPattern.MatchString(aws.ToString(id)):
		return invalid("ClientRequestToken must have 32 to 64 characters, letters, digits and hyphens.")
	case text == nil || len(*text) == 0 || len(*text) > longest:
		return invalid("SecretString must have 1 to 65536 bytes.")
	}
	return nil
}

// secret returns a secret that can be used. One that is deleted keeps its name
// for a while.
func (m *SecretsManager) secret(name string, now time.Time) (*Secret, error) {
	s := m.secrets[name]
	if s != nil && !s.DeletedAt.IsZero() {
		if !s.gone.over(now) {
			return s, deleted()
		}
		delete(m.secrets, name)
		m.changed(name, now)
		s = nil
	}
	if s == nil {
		return nil, noSecret()
	}
	return s, nil
}

// visible returns a secret as reads see it, or nil.
func (m *SecretsManager) visible(name string, now time.Time) *Secret {
	_, _ = m.secret(name, now) // It may just be gone.
	if m.views[name] == nil {
		return nil
	}
	return m.views[name].read(now)
}

// changed shows the present state of a secret to the reads that follow, late if
// so configured.
func (m *SecretsManager) changed(name string, now time.Time) {
	var state *Secret
	if s := m.secrets[name]; s != nil {
		if s.DeletedAt.IsZero() {
			s.drop(m.cfg.DropUnlabelled, now)
		}
		state = new(s.clone())
	}
	if m.views[name] == nil {
		m.views[name] = &view[*Secret]{}
	}
	m.views[name].write(state, m.cfg.Reads, now)
}

// throttle counts a write of a version or label, unless there were too many.
func (m *SecretsManager) throttle(now time.Time) error {
	if m.cfg.WritesPerSecond == 0 {
		return nil
	}
	for len(m.writes) > 0 && now.Sub(m.writes[0]) >= time.Second {
		m.writes = m.writes[1:]
	}
	if len(m.writes) >= m.cfg.WritesPerSecond {
		return ErrThrottled
	}
	m.writes = append(m.writes, now)
	return nil
}

// checkName returns what is wrong with the name of a new secret.
func checkName(name string) error {
	if !namePattern.MatchString(name) {
		return invalid("Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!")
	}
	if strings.HasPrefix(name, "arn:") {
		return invalid("Invalid name. It must not be an ARN.")
	}
	return nil
}
