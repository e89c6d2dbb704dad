package igsim

import (
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// maxBody bounds what is read of a request, in bytes.
const maxBody = 1 << 20

// A call is one request to one of Meta's endpoints, read to its end.
type call struct {
	endpoint  string
	host      string
	path      string
	method    string
	query     url.Values
	queryOK   bool       // the query string could be parsed
	form      url.Values // the fields of a form body, nil for any other body
	now       time.Time
	behaviour Behaviour
	usage     Usage
	account   string // whose code, token or consent this is, as far as known
	userID    string // the professional id of that account, where it exists
}

// newCall reads the request and counts it. The body is read to its end whatever
// it is: only then does net/http notice a client that goes away, which the
// hanging fault waits for.
func (s *Simulator) newCall(w http.ResponseWriter, r *http.Request, endpoint string) *call {
	c := &call{endpoint: endpoint, host: r.Host, path: r.URL.Path, method: r.Method, now: s.now()}
	var err error
	c.query, err = url.ParseQuery(r.URL.RawQuery)
	c.queryOK = err == nil
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	c.form = readForm(r)
	_, _ = io.Copy(io.Discard, r.Body)

	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[endpoint]++
	c.behaviour, c.usage = s.behaviour, s.usage
	switch {
	case endpoint == endpointAuthorize:
		c.account = c.form.Get("account")
		if c.account == "" && r.Method == http.MethodPost {
			c.account = s.defaultPerson().Username
		}
	case endpoint == endpointCode:
		if code := s.codes[c.form.Get("code")]; code != nil {
			c.account = code.Username
		}
	case endpoint == endpointDialog:
		c.account = c.form.Get("account")
		if c.account == "" && r.Method == http.MethodPost {
			c.account = s.fb.people[0].Username
		}
	default:
		c.account = s.facebookAccount(c.query)
		if t := s.tokens[c.query.Get("access_token")]; t != nil {
			c.account = t.Username
		}
	}
	if p := s.person(c.account); p != nil {
		c.userID = p.UserID
	} else if t := s.fb.tokens[c.query.Get("access_token")]; t != nil && t.Page != "" {
		c.userID = s.page(t.Page).Instagram
	}
	return c
}

// readForm returns the fields of the two kinds of body a form has, and nil for
// a body of another kind or a broken one. Meta's example sends
// multipart/form-data; application/x-www-form-urlencoded works too.
// https://developers.facebook.com/documentation/instagram-platform/instagram-api-with-instagram-login/business-login
func readForm(r *http.Request) url.Values {
	if r.Method != http.MethodPost {
		return nil
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return nil
	}
	switch kind {
	case "multipart/form-data":
		err = r.ParseMultipartForm(maxBody)
	case "application/x-www-form-urlencoded":
		err = r.ParseForm()
	default:
		return nil
	}
	if err != nil {
		return nil
	}
	return r.PostForm
}

// An answer is a response that is complete before its first byte is sent, so
// that a fault can still cut it short or swallow it.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) write(w http.ResponseWriter) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // a client that went away misses nothing
}

// bodyAnswer is an answer of the given type. Nothing here may be kept in a
// cache: bodies hold tokens and queries hold codes.
func bodyAnswer(status int, contentType string, body []byte) answer {
	return answer{status: status, body: body, header: http.Header{
		"Content-Type":  {contentType},
		"Cache-Control": {"no-store"},
	}}
}

func jsonAnswer(status int, v any) answer {
	body, err := json.Marshal(v)
	if err != nil {
		panic("igsim: encoding an answer: " + err.Error()) // only our own maps come here
	}
	return bodyAnswer(status, "application/json; charset=UTF-8", body)
}
