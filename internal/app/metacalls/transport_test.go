package metacalls_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"igauth/internal/apigw"
	"igauth/internal/app"
	"igauth/internal/app/metacalls"
	"igauth/internal/igauth"
	"igauth/internal/igauth/boltstore"
	"igauth/internal/igauth/sealed"
)

var now = time.Date(2026, time.March, 5, 12, 0, 0, 0, time.UTC)

const secret = "0123456789abcdef0123456789abcdef"

// sign returns a signed request about a person.
func sign(secret, user string, at time.Time) string {
	payload := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"algorithm":"HMAC-SHA256","issued_at":%d,"user_id":%q}`, at.Unix(), user))
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(payload))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)) + "." + payload
}

// A world is the two functions on stores of their own.
type world struct {
	t       testing.TB
	parts   app.Parts
	log     bytes.Buffer
	metrics bytes.Buffer
}

// untouched are stores that nobody may ask: each of their methods panics, which
// the adapter answers with 500.
type untouched struct {
	igauth.Ledger
	igauth.Vault
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t}
	ledger, err := boltstore.Open(t.TempDir()+"/ledger.db", func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ledger.Close() })
	keys, err := sealed.NewKeyset(nil)
	if err != nil {
		t.Fatal(err)
	}
	vault, err := sealed.NewVault(keys)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewJSONHandler(&w.log, nil))
	clock := func() time.Time { return now }
	w.parts = app.Parts{
		Settings:   app.Settings{PublicURL: "https://connect.example"},
		AppSecrets: func(context.Context) ([]igauth.Secret, error) { return []igauth.Secret{igauth.NewSecret(secret)}, nil },
		Ledger:     ledger, Vault: vault, Now: clock, Log: log,
		Signed: metacalls.Count("stack", clock, &w.metrics, log),
	}
	return w
}

// untouchable gives the functions stores that nobody may ask.
func (w *world) untouchable() *world {
	w.parts.Ledger, w.parts.Vault = untouched{}, untouched{}
	return w
}

// function returns the function of a path.
func (w *world) function(path string) apigw.Function {
	w.t.Helper()
	handler, err := w.parts.Deletion()
	if path == "/deauthorize" {
		handler, err = w.parts.Deauthorize()
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return apigw.Wrap(handler, igauth.UnavailableJSON(), w.parts.Log)
}

// event is what API Gateway makes of a request.
func event(method, path, kind, body string) events.APIGatewayV2HTTPRequest {
	e := events.APIGatewayV2HTTPRequest{Version: "2.0", RawPath: path, Headers: map[string]string{}, Body: body}
	if kind != "" {
		e.Headers["content-type"] = kind
	}
	e.RequestContext.HTTP.Method = method
	return e
}

// send goes through JSON both ways, as Lambda does.
func (w *world) send(e events.APIGatewayV2HTTPRequest) events.APIGatewayV2HTTPResponse {
	w.t.Helper()
	raw, err := json.Marshal(e)
	if err != nil {
		w.t.Fatal(err)
	}
	raw, err = lambda.NewHandler(w.function(e.RawPath)).Invoke(w.t.Context(), raw)
	if err != nil {
		w.t.Fatal(err)
	}
	var response events.APIGatewayV2HTTPResponse
	if err := json.Unmarshal(raw, &response); err != nil {
		w.t.Fatal(err)
	}
	for name, want := range map[string]string{
		"cache-control": "no-store", "x-content-type-options": "nosniff", "referrer-policy": "no-referrer",
		"x-robots-tag": "noindex", "x-frame-options": "DENY", "strict-transport-security": "max-age=31536000",
	} {
		if got := response.Headers[name]; got != want {
			w.t.Errorf("%s %s: header %s is %q, want %q", e.RequestContext.HTTP.Method, e.RawPath, name, got, want)
		}
	}
	return response
}

const form = "application/x-www-form-urlencoded"

func field(text string) string { return "signed_request=" + url.QueryEscape(text) }

var paths = []string{"/deauthorize", "/data-deletion"}

// The transport matrix: how a valid request may come, and how it may not. What is
// refused has asked no store.
func TestTransport(t *testing.T) {
	good := sign(secret, "17841400008460056", now.Add(-time.Minute))
	dots := "signed_request=" + strings.Replace(good, ".", "%2E", 1)
	plus := ""
	for second := 1; plus == ""; second++ {
		// One whose signature has a minus, which would be a plus in another alphabet.
		if text := sign(secret, "1", now.Add(-time.Duration(second)*time.Second)); strings.Contains(text, "-") {
			plus = "signed_request=" + strings.ReplaceAll(text, "-", "+")
		}
	}
	pad := func(body string, size int) string { return body + "&x=" + strings.Repeat("x", size-len(body)-3) }
	post := func(kind, body string) events.APIGatewayV2HTTPRequest { return event("POST", "", kind, body) }
	multipart := "--b\r\nContent-Disposition: form-data; name=\"signed_request\"\r\n\r\n" + good + "\r\n--b--\r\n"
	for name, tt := range map[string]struct {
		event events.APIGatewayV2HTTPRequest
		want  int
	}{
		"a form":                              {post(form, field(good)), 200},
		"a form with its character set":       {post(form+"; charset=UTF-8", field(good)), 200},
		"a form in capitals":                  {post("Application/X-WWW-Form-Urlencoded", field(good)), 200},
		"the dot as %2E":                      {post(form, dots), 200},
		"everything percent-encoded":          {post(form, "signed%5Frequest="+percent(good)), 200},
		"other fields before and behind":      {post(form, "a=1&a=2&"+field(good)+"&z="), 200},
		"a field of nearly the name, too":     {post(form, "Signed_Request=x&"+field(good)), 200},
		"8,192 bytes":                         {post(form, pad(field(good), 8192)), 200},
		"padding, signed":                     {post(form, field(padded("17841400008460056"))), 200},
		"nobody":                              {post(form, field(sign(secret, "0", now))), 200},
		"someone unknown":                     {post(form, field(sign(secret, "99999999999999999999", now))), 200},
		"GET":                                 {event("GET", "", "", ""), 405},
		"GET with a body":                     {event("GET", "", form, field(good)), 405},
		"HEAD":                                {event("HEAD", "", "", ""), 405},
		"PUT":                                 {event("PUT", "", form, field(good)), 405},
		"PATCH":                               {event("PATCH", "", form, field(good)), 405},
		"DELETE":                              {event("DELETE", "", form, field(good)), 405},
		"OPTIONS":                             {event("OPTIONS", "", "", ""), 405},
		"no body":                             {post(form, ""), 400},
		"no content type":                     {post("", field(good)), 400},
		"JSON":                                {post("application/json", `{"signed_request":"`+good+`"}`), 400},
		"JSON called a form":                  {post(form, `{"signed_request":"`+good+`"}`), 400},
		"a form called JSON":                  {post("application/json", field(good)), 400},
		"multipart":                           {post("multipart/form-data; boundary=b", multipart), 400},
		"text/plain":                          {post("text/plain", field(good)), 400},
		"two content types":                   {post(form+","+form, field(good)), 400},
		"the text alone":                      {post(form, good), 400},
		"two fields, equal":                   {post(form, field(good)+"&"+field(good)), 400},
		"two fields, different":               {post(form, field(good)+"&"+field(sign(secret, "1", now))), 400},
		"two fields, one empty":               {post(form, "signed_request&"+field(good)), 400},
		"an empty field":                      {post(form, "signed_request="), 400},
		"Signed_Request":                      {post(form, "Signed_Request="+good), 400},
		"signed_request[]":                    {post(form, "signed_request[]="+good), 400},
		"signed_request%00":                   {post(form, "signed_request%00="+good), 400},
		"a space before the name":             {post(form, "+signed_request="+good), 400},
		"a semicolon between the fields":      {post(form, "a=1;"+field(good)), 400},
		"a broken escape":                     {post(form, field(good)+"&a=%zz"), 400},
		"plus for minus":                      {post(form, plus), 400},
		"a line end behind it":                {post(form, field(good)+"\n"), 400},
		"the dot encoded twice":               {post(form, strings.Replace(dots, "%2E", "%252E", 1)), 400},
		"signed for another app":              {post(form, field(sign("another app's secret", "1", now))), 400},
		"signed with nothing":                 {post(form, field(sign("", "1", now))), 400},
		"of a time to come":                   {post(form, field(sign(secret, "1", now.Add(301*time.Second)))), 400},
		"8,193 bytes":                         {post(form, pad(field(good), 8193)), 413},
		"1 MiB":                               {post(form, pad(field(good), 1<<20)), 413},
		"6 MiB":                               {post(form, pad(field(good), 6<<20)), 413},
		"8,193 bytes of another content type": {post("text/plain", strings.Repeat("x", 8193)), 413},
		"GET with 1 MiB":                      {event("GET", "", form, strings.Repeat("x", 1<<20)), 405},
	} {
		for _, path := range paths {
			for _, encoded := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, %s, base64 %t", name, path, encoded), func(t *testing.T) {
					w := newWorld(t)
					if tt.want != 200 {
						w.untouchable()
					}
					e := tt.event
					e.RawPath = path
					if encoded {
						e.Body, e.IsBase64Encoded = base64.StdEncoding.EncodeToString([]byte(e.Body)), true
					}
					w.check(e, tt.want)
				})
			}
		}
	}
	for _, path := range paths {
		for query, want := range map[string]int{"": 400, "a=1": 400, field(good): 400, "signed_request": 400} {
			t.Run("in the query of "+path+" "+query[:min(4, len(query))], func(t *testing.T) {
				e := event("POST", path, form, "")
				e.RawQueryString = query
				newWorld(t).untouchable().check(e, want)
				e.Body = field(good)
				if strings.Contains(query, "signed_request") {
					newWorld(t).untouchable().check(e, 400)
				} else {
					newWorld(t).check(e, 200)
				}
			})
		}
		t.Run("no base64 at all, "+path, func(t *testing.T) {
			e := event("POST", path, form, "signed_request=%%")
			e.IsBase64Encoded = true
			response, err := newWorld(t).untouchable().function(path)(t.Context(), e)
			if err != nil || response.StatusCode != 400 {
				t.Errorf("got %d, %v", response.StatusCode, err)
			}
		})
	}
}

// percent encodes every byte.
func percent(text string) string {
	var out strings.Builder
	for i := range len(text) {
		fmt.Fprintf(&out, "%%%02x", text[i])
	}
	return out.String()
}

// padded is a signed request in the form of Meta's library for PHP.
func padded(user string) string {
	payload := base64.URLEncoding.EncodeToString(fmt.Appendf(nil, `{"algorithm":"HMAC-SHA256","issued_at":%d,"user_id":"%s"}  `, now.Unix(), user))
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(payload))
	return base64.URLEncoding.EncodeToString(mac.Sum(nil)) + "." + payload
}

// check sends a request and looks at the answer. All that are refused get the
// same one.
func (w *world) check(e events.APIGatewayV2HTTPRequest, want int) {
	w.t.Helper()
	response := w.send(e)
	if response.StatusCode != want {
		w.t.Fatalf("got status %d, want %d\n%s\n%s", response.StatusCode, want, response.Body, &w.log)
	}
	code := map[int]igauth.Code{400: igauth.CodeSignedRequest, 405: igauth.CodeMethod, 413: igauth.CodeBodyTooLarge}[want]
	switch want {
	case 200:
		if kind := response.Headers["content-type"]; kind != "application/json" {
			w.t.Errorf("the answer is %s", kind)
		}
	case 405:
		if response.Headers["allow"] != "POST" {
			w.t.Errorf("allow is %q", response.Headers["allow"])
		}
		fallthrough
	default:
		var body struct {
			Error struct{ Code, Message, Hint string }
		}
		if err := json.Unmarshal([]byte(response.Body), &body); err != nil || body.Error.Code != string(code) || body.Error.Message != code.Message() || body.Error.Hint != code.Hint() {
			w.t.Errorf("got\n%s", response.Body)
		}
	}
	for _, part := range strings.Split(strings.TrimPrefix(e.Body, "signed_request="), ".") {
		if len(part) > 20 && (strings.Contains(w.log.String(), part) || strings.Contains(response.Body, part)) {
			w.t.Errorf("what was sent stands in the log or in the answer:\n%s", &w.log)
		}
	}
	if strings.Contains(w.log.String()+w.metrics.String(), "17841400008460056") {
		w.t.Errorf("whom Meta named stands in the log:\n%s%s", &w.log, &w.metrics)
	}
}

// A body that is too large is neither copied nor decoded: refusing 6 MiB takes no
// more memory than refusing nothing.
func TestLargeBodiesTakeNoMemory(t *testing.T) {
	for _, encoded := range []bool{false, true} {
		w := newWorld(t).untouchable()
		e := event("POST", "/deauthorize", form, strings.Repeat("A", 6<<20))
		e.IsBase64Encoded = encoded
		function := w.function(e.RawPath)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		response, err := function(t.Context(), e)
		runtime.ReadMemStats(&after)
		if err != nil || response.StatusCode != http.StatusRequestEntityTooLarge {
			t.Fatalf("got %d, %v", response.StatusCode, err)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 64<<10 {
			t.Errorf("base64 %t: %d bytes were allocated", encoded, used)
		}
	}
}

// While our own secrets cannot be read, nothing is refused as not Meta's: it may
// be, and Meta asks again.
func TestWithoutSecretsMetaIsToldToAskAgain(t *testing.T) {
	none := func(context.Context) ([]igauth.Secret, error) { return nil, errors.New("Secrets Manager sleeps") }
	text := func(texts ...string) func(context.Context) ([]igauth.Secret, error) {
		return func(context.Context) ([]igauth.Secret, error) {
			var secrets []igauth.Secret
			for _, text := range texts {
				secrets = append(secrets, igauth.NewSecret(text))
			}
			return secrets, nil
		}
	}
	for name, secrets := range map[string]struct {
		instagram, meta func(context.Context) ([]igauth.Secret, error)
	}{
		"not read":                  {none, nil},
		"not read, of the Meta app": {text(secret), none},
		"none":                      {nil, nil},
		"empty":                     {text(""), nil},
		"white space":               {text(" \r\n"), nil},
		"a carriage return":         {text(secret + "\r"), nil},
		"empty, of the Meta app":    {text(secret), text("")},
		"empty, the one before":     {text(secret, ""), nil},
	} {
		for _, path := range paths {
			t.Run(name+", "+path, func(t *testing.T) {
				for _, key := range []string{secret, "", " \r\n", secret + "\r"} {
					w := newWorld(t).untouchable()
					w.parts.AppSecrets, w.parts.MetaAppSecrets = secrets.instagram, secrets.meta
					response := w.send(event("POST", path, form, field(sign(key, "1", now))))
					if response.StatusCode != http.StatusInternalServerError || !strings.Contains(response.Body, string(igauth.CodeUnavailable)) || strings.Contains(response.Body, "sleeps") {
						t.Errorf("got %d\n%s", response.StatusCode, response.Body)
					}
					if strings.Contains(w.log.String(), `"panic"`) || !strings.Contains(w.log.String(), "signature not checked") {
						t.Errorf("the log says\n%s", &w.log)
					}
				}
			})
		}
	}
}

// Every call is counted by the label of the secret, and the log has one line that
// says it.
func TestSecretsAreCounted(t *testing.T) {
	secrets := func(texts ...string) func(context.Context) ([]igauth.Secret, error) {
		return func(context.Context) ([]igauth.Secret, error) {
			return []igauth.Secret{igauth.NewSecret(texts[0]), igauth.NewSecret(texts[1])}, nil
		}
	}
	for label, key := range map[string]string{"instagram": "ig", "instagram_previous": "ig before", "meta": "fb", "meta_previous": "fb before", "none": "somebody's"} {
		for _, path := range paths {
			w := newWorld(t)
			w.parts.AppSecrets, w.parts.MetaAppSecrets = secrets("ig", "ig before"), secrets("fb", "fb before")
			response := w.send(event("POST", path, form, field(sign(key, "17841400008460056", now))))
			if refused := response.StatusCode == 400; refused != (label == "none") {
				t.Errorf("%s: got status %d", label, response.StatusCode)
			}
			if !strings.Contains(w.metrics.String(), `"Secret":"`+label+`","SignedRequests":1,"Stack":"stack"`) || strings.Count(w.metrics.String(), "\n") != 1 {
				t.Errorf("%s: the metrics are\n%s", label, &w.metrics)
			}
			if label != "none" && strings.Count(w.log.String(), `"secret":"`+label+`"`) != 1 {
				t.Errorf("%s: the log says\n%s", label, &w.log)
			}
		}
	}
	// What Meta signed and we do not understand is an alarm, and not a stranger.
	w := newWorld(t).untouchable()
	if w.send(event("POST", "/deauthorize", form, field(sign(secret, "x", now)))); !strings.Contains(w.log.String(), `"level":"ERROR","msg":"signed request not understood"`) || !strings.Contains(w.metrics.String(), `"instagram"`) {
		t.Errorf("the log says\n%s%s", &w.log, &w.metrics)
	}
}

// failing is a ledger that cannot be asked.
type failing struct{ igauth.Ledger }

var errDown = errors.New("the ledger is down")

func (failing) Removal(context.Context, string) (igauth.Removal, error) {
	return igauth.Removal{}, errDown
}

func TestMetaIsToldToAskAgainWhileTheLedgerIsDown(t *testing.T) {
	for _, path := range paths {
		w := newWorld(t)
		w.parts.Ledger = failing{w.parts.Ledger}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		response, err := w.function(path)(ctx, event("POST", path, form, field(sign(secret, "1", now))))
		cancel()
		if err != nil || response.StatusCode != 500 || strings.Contains(response.Body, errDown.Error()) {
			t.Errorf("got %d, %v\n%s", response.StatusCode, err, response.Body)
		}
	}
}
