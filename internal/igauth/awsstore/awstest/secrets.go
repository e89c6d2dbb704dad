package awstest

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
)

// A SecretsClient is a client that removes what it created.
type SecretsClient struct {
	*secretsmanager.Client
	mu    sync.Mutex
	names map[string]bool
}

// NewSecretsClient returns a client of a target. When the test is over, the
// secrets that were created with it are removed.
func NewSecretsClient(t *testing.T, target Target) *SecretsClient {
	t.Helper()
	c := &SecretsClient{Client: secretsmanager.NewFromConfig(target.Config), names: map[string]bool{}}
	ctx := context.WithoutCancel(t.Context()) // It ends before the cleanup.
	t.Cleanup(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		for name := range c.names {
			if err := removeSecret(ctx, c.Client, name); err != nil {
				t.Errorf("secret %s is left behind: %v", name, err)
			}
		}
	})
	return c
}

// CreateSecret notes the name before the secret can be there.
func (c *SecretsClient) CreateSecret(ctx context.Context, in *secretsmanager.CreateSecretInput, options ...func(*secretsmanager.Options)) (*secretsmanager.CreateSecretOutput, error) {
	c.mu.Lock()
	known := c.names[*in.Name]
	c.names[*in.Name] = true
	c.mu.Unlock()
	if !known {
		if err := note(kindSecret, *in.Name); err != nil {
			return nil, err
		}
	}
	return c.Client.CreateSecret(ctx, in, options...)
}

// removeSecret removes a secret for good, also one that is scheduled for deletion.
// One that is not there is no error.
func removeSecret(ctx context.Context, client *secretsmanager.Client, name string) error {
	_, err := client.DeleteSecret(ctx, &secretsmanager.DeleteSecretInput{
		SecretId:                   &name,
		ForceDeleteWithoutRecovery: aws.Bool(true),
	})
	if _, gone := errors.AsType[*types.ResourceNotFoundException](err); gone {
		return nil
	}
	return err
}
