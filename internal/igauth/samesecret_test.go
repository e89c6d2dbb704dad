package igauth_test

import (
	"context"
	"net/http"
	"testing"

	"igauth/internal/igauth"
	"igauth/internal/igsim"
)

// Who only uses Facebook Login may enter the Meta app's secret for both apps. What
// is signed with it is then still about either login: it would be answered as done,
// and nothing would be.
func TestOneSecretForBothAppsIsOfBothLogins(t *testing.T) {
	for name, labels := range map[string][]igauth.SecretLabel{
		"Instagram first":        {igauth.LabelInstagram, igauth.LabelMeta},
		"Meta first":             {igauth.LabelMeta, igauth.LabelInstagram},
		"the one before of Meta": {igauth.LabelInstagram, igauth.LabelMetaPrevious},
	} {
		t.Run(name, func(t *testing.T) {
			p := facebookInstallation(t)
			p.outcome(p.visitor().walk(viaFacebook, "ana.one", nil), igauth.CodeConnected)
			p.outcome(p.visitor().walk("", "studio_norte", nil), igauth.CodeConnected)
			matched := map[igauth.SecretLabel]int{}
			cfg := igauth.MetaCallConfig{
				Store: p.store, PublicURL: "https://connect.example.com", Now: p.clock.Now,
				Secrets: func(context.Context) ([]igauth.SigningSecret, error) {
					var secrets []igauth.SigningSecret
					for _, label := range labels {
						secrets = append(secrets, igauth.SigningSecret{Label: label, Secret: igauth.NewSecret(igsim.DefaultMetaAppSecret)})
					}
					return secrets, nil
				},
				Signed: func(label igauth.SecretLabel) { matched[label]++ },
			}
			var err error
			p.deauthorize, err = igauth.NewDeauthorizeHandler(cfg)
			p.must(err)
			for id, person := range map[igauth.AccountID]string{mariaID: "10224000000010007", studioID: p.scopedID("studio_norte")} {
				if w := p.post("/deauthorize", p.signed(igsim.DefaultMetaAppSecret, person)); w.Code != http.StatusOK {
					t.Fatalf("got status %d\n%s", w.Code, w.Body)
				}
				if a := p.row(id); a.Status != igauth.StatusDisconnected {
					t.Errorf("the account of %s login is %s", a.Login, a.Status)
				}
			}
			if len(matched) != 1 || matched[igauth.LabelInstagram] > 0 {
				t.Errorf("got %v", matched)
			}
		})
	}
}
