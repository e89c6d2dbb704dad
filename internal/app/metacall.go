package app

import (
	"context"
	"net/http"

	"igauth/internal/igauth"
)

// Deauthorize returns the handler of POST /deauthorize.
func (p Parts) Deauthorize() (http.Handler, error) {
	cfg, err := p.metaCalls()
	if err != nil {
		return nil, err
	}
	return igauth.NewDeauthorizeHandler(cfg)
}

// Deletion returns the handler of POST /data-deletion and of the pages that say
// what became of it.
func (p Parts) Deletion() (http.Handler, error) {
	cfg, err := p.metaCalls()
	if err != nil {
		return nil, err
	}
	return igauth.NewDeletionHandler(cfg)
}

func (p Parts) metaCalls() (igauth.MetaCallConfig, error) {
	store, err := p.Store()
	if err != nil {
		return igauth.MetaCallConfig{}, err
	}
	return igauth.MetaCallConfig{
		Store: store, Secrets: p.SigningSecrets, Signed: p.Signed,
		PublicURL: p.Settings.PublicURL, PlainHTTP: p.PlainHTTP, Now: p.Now, Log: p.Log,
	}, nil
}

// SigningSecrets returns the app secrets that Meta may sign its calls with: those
// of the Instagram app and, if it is known, of the Meta app, and of each the one
// before.
func (p Parts) SigningSecrets(ctx context.Context) ([]igauth.SigningSecret, error) {
	var signing []igauth.SigningSecret
	for _, app := range []struct {
		read              func(context.Context) ([]igauth.Secret, error)
		current, previous igauth.SecretLabel
	}{
		{p.AppSecrets, igauth.LabelInstagram, igauth.LabelInstagramPrevious},
		{p.MetaAppSecrets, igauth.LabelMeta, igauth.LabelMetaPrevious},
	} {
		if app.read == nil {
			continue
		}
		secrets, err := app.read(ctx)
		if err != nil {
			return nil, err
		}
		for i, secret := range secrets {
			label := app.current
			if i > 0 {
				label = app.previous
			}
			signing = append(signing, igauth.SigningSecret{Label: label, Secret: secret})
		}
	}
	return signing, nil
}
