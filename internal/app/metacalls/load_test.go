package metacalls_test

import (
	"io"
	"log/slog"
	"testing"

	"igauth/internal/app"
	"igauth/internal/app/metacalls"
)

// Nobody has documented which of the two secrets Meta signs with for Instagram Login:
// that of the Meta app counts without Facebook Login, too.
func TestSecretOfTheMetaAppAloneIsRead(t *testing.T) {
	for name, want := range map[string]bool{"": false, "stack/meta-app": true} {
		env := map[string]string{
			"AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none",
			app.EnvTable: "stack", app.EnvSecretPrefix: "stack", app.EnvAppSecretName: "stack/app", app.EnvMetaAppSecretName: name,
		}
		parts, err := metacalls.Load(func(name string) string { return env[name] }, slog.New(slog.DiscardHandler), io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		if got := parts.MetaAppSecrets != nil; got != want {
			t.Errorf("the secret of the Meta app is %q: read %t", name, got)
		}
	}
}
