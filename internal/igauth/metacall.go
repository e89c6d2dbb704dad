package igauth

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"time"
)

// MetaCallConfig is what the handlers of Meta's own calls have in common.
type MetaCallConfig struct {
	Store *Store
	// Secrets returns the app secrets that Meta may sign with. What it cannot read
	// is an error, so that Meta asks again; one that is empty is none.
	Secrets func(ctx context.Context) ([]SigningSecret, error)
	// Signed is told with which secret each call was signed, LabelNone if with none
	// that is known; nil means that nobody wants to know.
	Signed func(SecretLabel)
	// PublicURL is the origin under which people reach the receipts. Only the
	// deletion needs it.
	PublicURL string
	// PlainHTTP leaves out the header that only makes sense with TLS.
	PlainHTTP bool
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Log receives one line for every call; nil discards it.
	Log *slog.Logger
}

// LabelNone stands for no secret that is known.
const LabelNone SecretLabel = "none"

// metaCall is the part of a handler that MetaCallConfig describes.
type metaCall struct{ MetaCallConfig }

func newMetaCall(cfg MetaCallConfig) (metaCall, error) {
	if cfg.Store == nil {
		return metaCall{}, errors.New("the store is missing")
	}
	if cfg.Secrets == nil {
		return metaCall{}, errors.New("the app secrets are missing")
	}
	if cfg.Signed == nil {
		cfg.Signed = func(SecretLabel) {}
	}
	cfg.Now, cfg.Log = nowOr(cfg.Now), logOr(cfg.Log)
	return metaCall{cfg}, nil
}

// post answers POST with what a signed request leads to, as JSON. Whatever else
// comes is answered here, and touches nothing: before Meta's signature was checked
// no store is asked, and who is refused is not told why.
func (m metaCall) post(answer func(context.Context, signedRequest) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			WriteError(w, CodeMethod)
			return
		}
		request, err := m.receive(w, r)
		if err != nil {
			WriteError(w, CodeOf(err))
			return
		}
		result, err := answer(r.Context(), request)
		if err != nil {
			m.Log.ErrorContext(r.Context(), "request of Meta failed", "err", err)
			WriteError(w, CodeUnavailable) // so that Meta asks again
			return
		}
		writeJSON(w, http.StatusOK, result)
	})
}

// receive returns the signed request that a call brings.
func (m metaCall) receive(w http.ResponseWriter, r *http.Request) (signedRequest, error) {
	ctx := r.Context()
	text, err := signedRequestText(w, r)
	if err != nil {
		m.Log.WarnContext(ctx, "request refused that is not of Meta's form", "code", CodeOf(err))
		return signedRequest{}, err
	}
	sealed, err := splitSignedRequest(text)
	if err != nil {
		m.Log.WarnContext(ctx, "request refused that is not of Meta's form", "code", CodeOf(err))
		return signedRequest{}, err
	}
	secrets, err := m.Secrets(ctx)
	if err == nil {
		err = checkSigningSecrets(secrets)
	}
	if err != nil {
		m.Log.ErrorContext(ctx, "signature not checked", "err", err)
		return signedRequest{}, newError(CodeUnavailable, err)
	}
	request, err := sealed.open(secrets, m.Now())
	if request.secret.Label == "" {
		m.Signed(LabelNone)
		m.Log.WarnContext(ctx, "request refused that no app secret has signed", "code", CodeOf(err))
		return signedRequest{}, err
	}
	for _, s := range secrets {
		// If one secret was entered for both apps, nobody knows of which the request is.
		if s.Secret.Equal(request.secret.Secret) && len(s.Label.logins()) > len(request.secret.Label.logins()) {
			request.secret = s
		}
	}
	m.Signed(request.secret.Label)
	if err != nil {
		// It is Meta's, so that something has changed there.
		m.Log.ErrorContext(ctx, "signed request not understood", "code", CodeOf(err), "secret", request.secret.Label)
		return signedRequest{}, err
	}
	return request, nil
}

// signedRequestText returns the one field signed_request of a form. API Gateway
// hands over the body as it came, and the query too: the field may not stand there.
func signedRequestText(w http.ResponseWriter, r *http.Request) (string, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxSignedRequest))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return "", newError(CodeBodyTooLarge, nil)
	}
	if kind, _, problem := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || problem != nil || kind != "application/x-www-form-urlencoded" {
		return "", errSignedRequest
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil || query.Has(signedRequestField) {
		return "", errSignedRequest
	}
	form, err := url.ParseQuery(string(body))
	if err != nil || len(form[signedRequestField]) != 1 {
		return "", errSignedRequest
	}
	return form[signedRequestField][0], nil
}

// signedRequestField is the name of the field.
const signedRequestField = "signed_request"

// remove does what Meta asks for, and returns the record of it. Meta has named
// nobody, too, who has no accounts.
func (m metaCall) remove(ctx context.Context, kind RemovalKind, request signedRequest) (Removal, error) {
	logins := request.secret.Label.logins()
	if request.nobody() {
		logins = nil
	}
	m.Log.InfoContext(ctx, "Meta asks for a removal", "asksFor", kind, "since", request.issuedAt, "secret", request.secret.Label)
	return m.Store.Remove(ctx, RemovalRequest{Kind: kind, Code: request.code(kind), UserID: request.userID, Logins: logins, At: request.issuedAt})
}

// NewDeauthorizeHandler returns the handler of POST /deauthorize, by which Meta
// says that a person has removed the app
// (https://developers.facebook.com/docs/facebook-login/guides/advanced/deauthorize).
// When it answers 200 no read of their tokens succeeds any more.
func NewDeauthorizeHandler(cfg MetaCallConfig) (http.Handler, error) {
	m, err := newMetaCall(cfg)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/deauthorize", m.post(func(ctx context.Context, request signedRequest) (any, error) {
		if request.nobody() {
			return struct{}{}, nil
		}
		_, err := m.remove(ctx, RemovalDeauthorize, request)
		return struct{}{}, err
	}))
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { WriteError(w, CodeRouteNotFound) })
	return secured(cfg.PlainHTTP, mux), nil
}
