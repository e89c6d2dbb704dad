package igauth_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"igauth/internal/igauth"
	"igauth/internal/igauth/instagram"
)

// transport answers without a network.
type transport func(*http.Request) (status int, header http.Header, body string)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_ = r.Body.Close()
	}
	status, header, body := f(r)
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

// instagramClient returns the client of Meta in front of a transport.
func instagramClient(t testing.TB, now func() time.Time, through http.RoundTripper) *instagram.Client {
	t.Helper()
	c, err := instagram.New(instagram.Config{AppID: testAppID, Now: now, Transport: through})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// For some accounts Meta refuses a field, so that a profile takes two requests.
// Each has its turn.
func TestPaceCountsRequestsAndNotQuestions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Time
		client := instagramClient(t, time.Now, transport(func(r *http.Request) (int, http.Header, string) {
			at = append(at, time.Now())
			if strings.Contains(r.URL.Query().Get("fields"), "user_id") {
				return 400, nil, `{"error":{"message":"Unsupported request - method type: get","type":"IGApiException","code":100}}`
			}
			return 200, nil, `{"id":"17841400000010111","username":"maria.bakes"}`
		}))
		meta := igauth.Paced(client, 4)
		for range 5 {
			if p, err := meta.Profile(t.Context(), igauth.NewSecret("token")); err != nil || p.ID == "" {
				t.Fatalf("got %+v, %v", p, err)
			}
		}
		if got, want := len(at), 10; got != want {
			t.Errorf("got %d requests, want %d", got, want)
		}
		for i := 1; i < len(at); i++ {
			if gap := at[i].Sub(at[i-1]); gap != 250*time.Millisecond {
				t.Errorf("request %d came %v after the one before, want 250ms", i, gap)
			}
		}
	})
}
