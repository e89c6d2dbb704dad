package awsfake_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"igauth/internal/igauth/awsstore/awsfake"
	"igauth/internal/igauth/awsstore/awstest"
)

// secretsAPI is what the questions call.
type secretsAPI interface {
	CreateSecret(context.Context, *secretsmanager.CreateSecretInput, ...func(*secretsmanager.Options)) (*secretsmanager.CreateSecretOutput, error)
	PutSecretValue(context.Context, *secretsmanager.PutSecretValueInput, ...func(*secretsmanager.Options)) (*secretsmanager.PutSecretValueOutput, error)
	GetSecretValue(context.Context, *secretsmanager.GetSecretValueInput, ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error)
	DescribeSecret(context.Context, *secretsmanager.DescribeSecretInput, ...func(*secretsmanager.Options)) (*secretsmanager.DescribeSecretOutput, error)
	UpdateSecretVersionStage(context.Context, *secretsmanager.UpdateSecretVersionStageInput, ...func(*secretsmanager.Options)) (*secretsmanager.UpdateSecretVersionStageOutput, error)
	DeleteSecret(context.Context, *secretsmanager.DeleteSecretInput, ...func(*secretsmanager.Options)) (*secretsmanager.DeleteSecretOutput, error)
}

// An asked is a secret about which a question is asked.
type asked struct {
	api  secretsAPI
	t    *testing.T
	name *string
	// settle waits until reads see what was written.
	settle func()
}

// create makes the secret with its first version.
func (s asked) create(n int, value string) error {
	_, err := s.api.CreateSecret(s.t.Context(), &secretsmanager.CreateSecretInput{
		Name: s.name, ClientRequestToken: aws.String(version(n)), SecretString: &value,
	})
	return err
}

func (s asked) put(n int, value string, labels ...string) error {
	_, err := s.api.PutSecretValue(s.t.Context(), &secretsmanager.PutSecretValueInput{
		SecretId: s.name, ClientRequestToken: aws.String(version(n)), SecretString: &value, VersionStages: labels,
	})
	return err
}

func (s asked) move(to, from int) error {
	in := &secretsmanager.UpdateSecretVersionStageInput{
		SecretId: s.name, VersionStage: aws.String("AWSCURRENT"), MoveToVersionId: aws.String(version(to)),
	}
	if from > 0 {
		in.RemoveFromVersionId = aws.String(version(from))
	}
	_, err := s.api.UpdateSecretVersionStage(s.t.Context(), in)
	return err
}

// delete schedules the deletion in some days, or forces it for 0.
func (s asked) delete(days int64) error {
	in := &secretsmanager.DeleteSecretInput{SecretId: s.name}
	if days == 0 {
		in.ForceDeleteWithoutRecovery = aws.Bool(true)
	} else {
		in.RecoveryWindowInDays = &days
	}
	_, err := s.api.DeleteSecret(s.t.Context(), in)
	return err
}

// get returns a value or the code of the error.
func (s asked) get(n int, label string) string {
	s.settle()
	in := &secretsmanager.GetSecretValueInput{SecretId: s.name}
	if n > 0 {
		in.VersionId = aws.String(version(n))
	}
	if label != "" {
		in.VersionStage = &label
	}
	out, err := s.api.GetSecretValue(s.t.Context(), in)
	if err != nil {
		return outcome(err, "")
	}
	return *out.SecretString
}

// labels returns the labels of a version.
func (s asked) labels(n int) string {
	s.settle()
	out, err := s.api.DescribeSecret(s.t.Context(), &secretsmanager.DescribeSecretInput{SecretId: s.name})
	if err != nil {
		return outcome(err, "")
	}
	return labels(out.VersionIdsToStages[version(n)])
}

// The sources are in ../testdata/emulators.md.
var secretQuestions = []question[asked]{
	{
		name: "the labels of a version that is put again with another label",
		ask: func(t *testing.T, s asked) string {
			must(t, s.create(1, "one"), s.put(2, "two", "AWSPENDING"), s.move(2, 1), s.put(2, "two", "AWSPENDING"))
			return s.labels(2)
		},
		documented: "AWSCURRENT AWSPENDING",
		deviations: byMoto("AWSPENDING"),
	},
	{
		name: "a put with a used token and another value",
		ask: func(t *testing.T, s asked) string {
			must(t, s.create(1, "one"), s.put(2, "two", "AWSPENDING"))
			return outcome(s.put(2, "other", "AWSPENDING"), "overwritten")
		},
		documented: "ResourceExistsException",
		deviations: byMoto("overwritten"),
	},
	{
		name: "a put into a secret that is scheduled for deletion",
		ask: func(t *testing.T, s asked) string {
			must(t, s.create(1, "one"), s.delete(7))
			s.settle()
			return outcome(s.put(2, "two"), "carried out")
		},
		documented: "InvalidRequestException",
		deviations: byMoto("carried out"),
	},
	{
		name: "the creation of a secret whose name is scheduled for deletion",
		ask: func(t *testing.T, s asked) string {
			must(t, s.create(1, "one"), s.delete(7))
			s.settle()
			return outcome(s.create(2, "two"), "carried out")
		},
		documented: "InvalidRequestException",
		deviations: byMoto("ResourceExistsException"),
	},
	{
		name: "a read without label after AWSCURRENT was moved",
		ask: func(t *testing.T, s asked) string {
			must(t, s.create(1, "one"), s.put(2, "two", "AWSPENDING"), s.move(2, 1))
			return s.get(0, "")
		},
		documented: "two",
		deviations: byMoto("one"),
	},
	{
		name: "a read by label after AWSCURRENT was moved",
		ask: func(t *testing.T, s asked) string {
			must(t, s.create(1, "one"), s.put(2, "two", "AWSPENDING"), s.move(2, 1))
			return s.get(0, "AWSCURRENT") + " " + s.get(0, "AWSPREVIOUS") + " " + s.get(0, "AWSPENDING")
		},
		documented: "two one two",
	},
	{
		name: "a put without labels",
		ask: func(t *testing.T, s asked) string {
			must(t, s.create(1, "one"), s.put(2, "two"))
			return s.labels(1) + ", " + s.labels(2)
		},
		documented: "AWSPREVIOUS, AWSCURRENT",
	},
	{
		name: "a label that is put on another version",
		ask: func(t *testing.T, s asked) string {
			must(t, s.create(1, "one"), s.put(2, "two", "AWSPENDING"), s.put(3, "three", "AWSPENDING"))
			return s.labels(1) + ", " + s.labels(2) + ", " + s.labels(3)
		},
		documented: "AWSCURRENT, , AWSPENDING",
	},
	{
		name: "a label that is moved from where it is not",
		ask: func(t *testing.T, s asked) string {
			must(t, s.create(1, "one"), s.put(2, "two", "AWSPENDING"), s.put(3, "three", "AWSPENDING"))
			return refused(s.move(2, 3), "moved")
		},
		documented: "refused",
	},
	{
		name: "a label that is moved without saying from where",
		ask: func(t *testing.T, s asked) string {
			must(t, s.create(1, "one"), s.put(2, "two", "AWSPENDING"))
			return refused(s.move(2, 0), "moved")
		},
		documented: "refused",
	},
	{
		name: "a creation that is repeated",
		ask: func(t *testing.T, s asked) string {
			must(t, s.create(1, "one"))
			return outcome(s.create(1, "one"), "ignored") + " " + outcome(s.create(1, "two"), "ignored") + " " + outcome(s.create(2, "one"), "ignored")
		},
		documented: "ignored ResourceExistsException ResourceExistsException",
	},
	{
		name: "a forced deletion of what is not there",
		ask: func(t *testing.T, s asked) string {
			return outcome(s.delete(0), "ignored") + " " + outcome(s.delete(7), "ignored")
		},
		documented: "ignored ResourceNotFoundException",
	},
	{
		name: "a forced deletion that is repeated",
		ask: func(t *testing.T, s asked) string {
			must(t, s.create(1, "one"), s.delete(0))
			return outcome(s.delete(0), "ignored")
		},
		documented: "ignored",
	},
	{
		name: "a deletion in 6 days",
		ask: func(t *testing.T, s asked) string {
			must(t, s.create(1, "one"))
			return refused(s.delete(6), "carried out")
		},
		documented: "refused",
	},
	{
		name: "a read of a secret that is scheduled for deletion",
		ask: func(t *testing.T, s asked) string {
			must(t, s.create(1, "one"), s.delete(7))
			return s.get(1, "")
		},
		documented: "InvalidRequestException",
	},
	{
		name: "reads of what is not there",
		ask: func(t *testing.T, s asked) string {
			none := s.get(0, "")
			must(t, s.create(1, "one"))
			return none + " " + s.get(2, "") + " " + s.get(0, "AWSPENDING")
		},
		documented: "ResourceNotFoundException ResourceNotFoundException ResourceNotFoundException",
	},
	{
		name: "a read by an id and a label of different versions",
		ask: func(t *testing.T, s asked) string {
			must(t, s.create(1, "one"), s.put(2, "two", "AWSPENDING"))
			if got := s.get(2, "AWSCURRENT"); !strings.HasSuffix(got, "Exception") {
				return got
			}
			return "refused"
		},
		documented: "refused",
	},
	{
		name: "a put into what is not there",
		ask: func(t *testing.T, s asked) string {
			return outcome(s.put(1, "one", "AWSPENDING"), "carried out")
		},
		documented: "ResourceNotFoundException",
	},
	{
		name: "a value of 65537 bytes",
		ask: func(t *testing.T, s asked) string {
			must(t, s.create(1, strings.Repeat("x", 65536)))
			return refused(s.put(2, strings.Repeat("x", 65537)), "carried out")
		},
		documented: "refused",
		deviations: byMoto("carried out"),
	},
	{
		name: "a token of 31 characters",
		ask: func(t *testing.T, s asked) string {
			_, err := s.api.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{
				Name: s.name, ClientRequestToken: aws.String(version(1)[1:]), SecretString: aws.String("one"),
			})
			return refused(err, "carried out")
		},
		documented: "refused",
	},
}

func TestDocumentedSecretsManager(t *testing.T) {
	for _, q := range secretQuestions {
		q.check(t, fake, asked{awsfake.NewSecretsManager(awsfake.SecretsManagerConfig{}), t, secretName, func() {}})
	}
}

func TestDocumentedSecretsManagerElsewhere(t *testing.T) {
	for _, target := range awstest.SecretsManager(t) {
		t.Run(target.Kind, func(t *testing.T) {
			settle := func() {}
			if target.Kind == awstest.AWS {
				settle = func() { time.Sleep(2 * time.Second) }
			}
			for _, q := range secretQuestions {
				client := awstest.NewSecretsClient(t, target)
				q.check(t, target.Kind, asked{client, t, aws.String(awstest.NewName(t) + "/secret"), settle})
			}
		})
	}
}
