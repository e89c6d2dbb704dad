package igauth_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"igauth/internal/igauth"
)

// endless is a body that does not end; read counts its bytes.
type endless struct{ read int }

func (b *endless) Read(p []byte) (int, error) {
	if b.read > 1<<20 {
		return 0, io.ErrUnexpectedEOF // or the test would not end either
	}
	b.read += len(p)
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// A server of one's own has no API Gateway in front that bounds what comes: the
// handlers do it themselves.
func TestLongBodiesAreNotReadToTheirEnd(t *testing.T) {
	p := newInstallation(t)
	for path, handler := range map[string]http.Handler{"/deauthorize": p.deauthorize, "/data-deletion": p.deletion} {
		body := &endless{}
		r := httptest.NewRequest(http.MethodPost, path, body)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if want := igauth.CodeBodyTooLarge.HTTPStatus(); w.Code != want || body.read > 32<<10 {
			t.Errorf("%s: got status %d, want %d, and %d bytes were read", path, w.Code, want, body.read)
		}
	}
}
