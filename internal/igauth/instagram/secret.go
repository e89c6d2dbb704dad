package instagram

import (
	"context"
	"errors"

	"igauth/internal/igauth"
)

// withAppSecret asks with the app secret, and if Meta refuses that, with the one
// before: Meta then did not look at anything else.
func withAppSecret[T any](ctx context.Context, c *caller, ask func(secret igauth.Secret) (T, error)) (answer T, err error) {
	secrets, err := c.appSecrets(ctx)
	if err == nil && len(secrets) == 0 {
		err = errors.New("there is none")
	}
	if err != nil {
		return answer, &igauth.Error{Code: igauth.CodeUnavailable, Class: igauth.ClassTransient, Detail: "the app secret could not be read", Err: err}
	}
	for i, secret := range secrets {
		if i > 0 {
			if turn := igauth.NextTurn(ctx); turn != nil {
				return answer, turn
			}
		}
		answer, err = ask(secret)
		if code := igauth.CodeOf(err); code != igauth.CodeAppSecret && code != igauth.CodeAppSecretProof {
			break
		}
	}
	return answer, err
}
