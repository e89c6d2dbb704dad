package igsim_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"igauth/internal/igsim"
)

const dataAccess = 90 * 24 * time.Hour

// pairs sets fields of a query; an empty value deletes the field.
func with(v url.Values, pairs ...string) url.Values {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			v.Del(pairs[i])
			continue
		}
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}

func TestFacebookCodeRefuses(t *testing.T) {
	w := newWorld(t)
	used := w.facebookCode("ana.one")
	w.tokenOf(w.get(graphPath("oauth/access_token"), facebookCodeQuery(used)))
	popup, err := w.PopupCode("ana.one")
	w.must(err)
	old := w.facebookCode("ana.one")
	w.clock.Advance(10 * time.Minute)
	fresh := w.facebookCode("ana.one")
	popup2, err := w.PopupCode("ana.one")
	w.must(err)
	const mismatch = "100/36008 OAuthException: Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the OAuth dialog request"
	for _, tt := range []struct {
		name, source string
		query        url.Values
		want         string
	}{
		{"the Instagram app's id", srcManual, with(facebookCodeQuery(fresh), "client_id", igsim.DefaultAppID), "101/- OAuthException: Error validating application. Invalid application ID."},
		{"the Instagram app's secret", srcManual, with(facebookCodeQuery(fresh), "client_secret", igsim.DefaultAppSecret), "1/- OAuthException: Error validating client secret."},
		{"no id", srcManual, with(facebookCodeQuery(fresh), "client_id", ""), "100/- OAuthException: Missing client_id parameter."},
		{"no secret", srcManual, with(facebookCodeQuery(fresh), "client_secret", ""), "100/- OAuthException: Missing client_secret parameter."},
		{"no code", srcManual, with(facebookCodeQuery(fresh), "code", ""), "100/- OAuthException: Missing authorization code"},
		{"a made-up code", srcCodeFormat, facebookCodeQuery("x"), "100/- OAuthException: Invalid verification code format."},
		{"a code of Instagram", srcCodeFormat, facebookCodeQuery(w.code("maria.bakes")), "100/- OAuthException: Invalid verification code format."},
		{"a used code", srcManual, facebookCodeQuery(used), "100/36009 OAuthException: This authorization code has been used."},
		{"an old code", srcManual, facebookCodeQuery(old), "100/36007 OAuthException: This authorization code has expired."},
		{"another redirect URI", srcManual, with(facebookCodeQuery(fresh), "redirect_uri", redirectURI+"/"), mismatch},
		{"no redirect URI", srcManual, with(facebookCodeQuery(fresh), "redirect_uri", ""), mismatch},
		{"a redirect URI with a code of the popup", srcBusiness, facebookCodeQuery(popup2), mismatch},
		{"an old code of the popup", srcBusiness, with(facebookCodeQuery(popup), "redirect_uri", ""), "100/36007 OAuthException: This authorization code has expired."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sourced(t, tt.source)
			r := w.get(graphPath("oauth/access_token"), tt.query)
			refused(t, r, tt.want)
			if challenge := r.header.Get("WWW-Authenticate"); strings.Contains(tt.want, "100/3600") != strings.Contains(challenge, `"invalid_code"`) && !strings.Contains(tt.want, "format") {
				t.Errorf("WWW-Authenticate: got %q", challenge)
			}
		})
	}
	t.Run("a POST", func(t *testing.T) {
		refused(t, w.post(graphPath("oauth/access_token"), facebookCodeQuery(fresh)), "100/- GraphMethodException: Unsupported request - method type: post")
	})
	t.Run("a refusal spends no code", func(t *testing.T) {
		w.tokenOf(w.get(graphPath("oauth/access_token"), facebookCodeQuery(fresh)))
		w.tokenOf(w.get(graphPath("oauth/access_token"), with(facebookCodeQuery(popup2), "redirect_uri", "")))
	})
	t.Run("a code of a configuration, with and without redirect URI", func(t *testing.T) {
		sourced(t, srcBusiness)
		for _, uri := range []string{redirectURI, ""} {
			code := w.returned(w.dialogForm("ana.one", with(dialogQuery(), "config_id", igsim.FacebookConfigID))).Get("code")
			w.tokenOf(w.get(graphPath("oauth/access_token"), with(facebookCodeQuery(code), "redirect_uri", uri)))
		}
	})
}

// lifeOf is expires_in of an answer, as a duration.
func lifeOf(t *testing.T, r reply) time.Duration {
	t.Helper()
	n, ok := r.json(t)["expires_in"].(json.Number)
	if !ok {
		t.Fatalf("no expires_in: %s", r.body)
	}
	seconds, err := n.Int64()
	if err != nil {
		t.Fatal(err)
	}
	return time.Duration(seconds) * time.Second
}

func TestFacebookLifetimes(t *testing.T) {
	t.Run("a short token lives an hour or two, a long one sixty days", func(t *testing.T) {
		sourced(t, srcTokens)
		w := newWorld(t)
		r := w.get(graphPath("oauth/access_token"), facebookCodeQuery(w.facebookCode("ana.one")))
		short := w.tokenOf(r)
		if got := lifeOf(t, r); got < time.Hour || got > 2*time.Hour {
			t.Errorf("short: got %v", got)
		}
		r = w.extend(short)
		long := w.tokenOf(r)
		if got := lifeOf(t, r); got != longLife {
			t.Errorf("long: got %v, want %v", got, longLife)
		}
		w.clock.Advance(2 * time.Hour)
		if w.TokenAlive(short) || !w.TokenAlive(long) {
			t.Errorf("after two hours: short alive %v, long alive %v", w.TokenAlive(short), w.TokenAlive(long))
		}
		refused(t, w.extend(short), "190/463 OAuthException: Error validating access token: Session has expired on Monday, 23-Nov-26 03:00:00 PST. The current time is Monday, 23-Nov-26 03:30:00 PST.")
		w.clock.Advance(longLife - 2*time.Hour)
		if r := w.extend(long); !strings.HasPrefix(r.graph(t), "190/463") {
			t.Errorf("after sixty days: got %s", r.body)
		}
	})
	t.Run("renewed over 400 days, as long as the person logs in", func(t *testing.T) {
		sourced(t, srcLongLived)
		w := newWorld(t)
		token := w.facebookLong("ana.one")
		for day := range 40 {
			w.clock.Advance(10 * 24 * time.Hour)
			if day%8 == 0 {
				w.facebookCode("ana.one")
			}
			token = w.tokenOf(w.extend(token))
			if r := w.graph(token, "me/accounts"); r.status != http.StatusOK {
				t.Fatalf("day %d: %s", day*10+10, r.body)
			}
		}
	})
	t.Run("a Page's token made from a long one has no end, from a short one it has", func(t *testing.T) {
		sourced(t, srcLongLived)
		w := newWorld(t)
		short := w.facebookShort("ana.one")
		brief := w.pageToken(short, bakery)
		lasting := w.pageToken(w.tokenOf(w.extend(short)), bakery)
		w.clock.Advance(80 * 24 * time.Hour)
		if w.TokenAlive(brief) || !w.TokenAlive(lasting) {
			t.Errorf("after 80 days: alive %v and %v, want false and true", w.TokenAlive(brief), w.TokenAlive(lasting))
		}
	})
	t.Run("expires_in can be missing", func(t *testing.T) {
		sourced(t, srcNoEnd)
		w := newWorld(t)
		w.must(w.SetBehaviour(igsim.Behaviour{ExpiresIn: "absent"}))
		if r := w.extend(w.facebookShort("ana.one")); strings.Contains(r.body, "expires_in") {
			t.Errorf("got %s", r.body)
		}
	})
	t.Run("an exchange gives a new text, or the same", func(t *testing.T) {
		w := newWorld(t)
		long := w.facebookLong("ana.one")
		if next := w.tokenOf(w.extend(long)); next == long || !w.TokenAlive(long) {
			t.Errorf("by default the text must be new and the old one live on")
		}
		w.must(w.SetBehaviour(igsim.Behaviour{Extend: "same"}))
		if short := w.facebookShort("ana.one"); w.tokenOf(w.extend(short)) == short {
			t.Errorf("a short token became a long one with the same text")
		}
		w.clock.Advance(24 * time.Hour)
		if next := w.tokenOf(w.extend(long)); next != long {
			t.Errorf("the text changed")
		}
		w.clock.Advance(longLife - time.Hour)
		if !w.TokenAlive(long) {
			t.Errorf("the same text did not get a new end")
		}
	})
	t.Run("a Page's token cannot be exchanged", func(t *testing.T) {
		w := newWorld(t)
		refused(t, w.extend(w.pageToken(w.facebookLong("ana.one"), bakery)), "100/- OAuthException: Only the token of a person or of a system user can be exchanged")
	})
}

func TestDataAccess(t *testing.T) {
	const lapsed = "190/493 OAuthException: Error validating access token: The access token is invalid since the user hasn't engaged the app in longer than 90 days."
	t.Run("ends ninety days after the login, whatever was exchanged", func(t *testing.T) {
		sourced(t, srcDataLapsed)
		w := newWorld(t)
		long := w.facebookLong("ana.one")
		w.clock.Advance(50 * 24 * time.Hour)
		long = w.tokenOf(w.extend(long))
		page := w.pageToken(long, bakery)
		w.clock.Advance(40*24*time.Hour - time.Second)
		if r := w.graph(page, "me"); r.status != http.StatusOK {
			t.Fatalf("a second before: %s", r.body)
		}
		w.clock.Advance(time.Second)
		refused(t, w.graph(long, "me/accounts"), lapsed)
		refused(t, w.graph(page, "me"), lapsed)
		data := w.debug(long)
		if data["is_valid"] != true || data["data_access_expires_at"] != json.Number(strconv.FormatInt(start.Add(dataAccess).Unix(), 10)) {
			t.Errorf("the token itself stays valid: %v", data)
		}
		if w.TokenAlive(long) {
			t.Errorf("a token without access to data counts as alive")
		}

		w.facebookCode("ana.one") // logged in again
		if r := w.graph(page, "me"); r.status != http.StatusOK || !w.TokenAlive(long) {
			t.Errorf("after a new login: %s", r.body)
		}
	})
	t.Run("an exchange starts it again when the behaviour says so", func(t *testing.T) {
		w := newWorld(t)
		w.must(w.SetBehaviour(igsim.Behaviour{DataAccess: "exchange"}))
		long := w.facebookLong("ana.one")
		w.clock.Advance(50 * 24 * time.Hour)
		long = w.tokenOf(w.extend(long))
		w.clock.Advance(50 * 24 * time.Hour)
		if r := w.graph(long, "me/accounts"); r.status != http.StatusOK {
			t.Errorf("got %s", r.body)
		}
	})
	t.Run("can be made to lapse", func(t *testing.T) {
		sourced(t, srcData)
		w := newWorld(t)
		long := w.facebookLong("ana.one")
		w.must(w.LapseDataAccess("ana.one"))
		refused(t, w.graph(long, "me/accounts"), lapsed)
	})
}

// debug is what debug_token tells of a token.
func (w *world) debug(token string) map[string]any {
	w.t.Helper()
	own := igsim.MetaAppID + "|" + igsim.DefaultMetaAppSecret
	data, ok := w.graph(own, "debug_token", "input_token", token).json(w.t)["data"].(map[string]any)
	if !ok {
		w.t.Fatal("debug_token answered no data")
	}
	return data
}

func TestDebugToken(t *testing.T) {
	w := newWorld(t)
	short := w.facebookShort("ana.one")
	long := w.tokenOf(w.extend(short))
	page := w.pageToken(long, bakery)
	system, err := w.SystemUserToken("leo.agency", false)
	w.must(err)
	brief, err := w.SystemUserToken("leo.agency", true)
	w.must(err)
	unix := func(at time.Time) json.Number { return json.Number(strconv.FormatInt(at.Unix(), 10)) }
	access := unix(start.Add(dataAccess))
	ana := w.FacebookPeople()[0].AppScopedID
	for _, tt := range []struct {
		name, source, token string
		want                map[string]any
	}{
		{"a short token", srcDebug, short, map[string]any{"type": "USER", "is_valid": true, "issued_at": nil, "data_access_expires_at": access, "user_id": ana, "app_id": igsim.MetaAppID}},
		{"a long one", srcDebug, long, map[string]any{"type": "USER", "issued_at": unix(start), "expires_at": unix(start.Add(longLife))}},
		{"a Page's", srcLongLived, page, map[string]any{"type": "PAGE", "expires_at": json.Number("0"), "profile_id": bakery, "user_id": ana, "data_access_expires_at": access}},
		{"a system user's", srcBusiness, system, map[string]any{"type": "SYSTEM_USER", "expires_at": json.Number("0"), "data_access_expires_at": json.Number("0"), "is_valid": true}},
		{"a system user's of sixty days", srcBusiness, brief, map[string]any{"type": "SYSTEM_USER", "expires_at": unix(start.Add(longLife))}},
		{"a made-up one", srcDebug, "EAAx", map[string]any{"is_valid": false, "type": nil}},
		{"one of Instagram Login", srcDebug, w.long("maria.bakes"), map[string]any{"is_valid": false, "type": nil}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sourced(t, tt.source)
			data := w.debug(tt.token)
			for name, want := range tt.want {
				if got := data[name]; got != want {
					t.Errorf("%s: got %v, want %v", name, got, want)
				}
			}
			if tt.want["is_valid"] == false && data["error"] == nil {
				t.Errorf("it does not say why: %v", data)
			}
		})
	}
	t.Run("the permissions, and what they are about", func(t *testing.T) {
		data, err := json.Marshal(w.debug(long))
		w.must(err)
		for _, want := range []string{
			`"scopes":["business_management","instagram_basic","pages_show_list","public_profile"]`,
			`{"scope":"instagram_basic","target_ids":["17841400000010111"]}`,
			`{"scope":"pages_show_list","target_ids":["` + bakery + `"]}`,
		} {
			if !strings.Contains(string(data), want) {
				t.Errorf("got %s, want it to hold %s", data, want)
			}
		}
	})
	t.Run("a dead token is no error", func(t *testing.T) {
		w.must(w.RemoveApp("ana.one"))
		data := w.debug(long)
		failure, _ := data["error"].(map[string]any)
		if data["is_valid"] != false || failure["subcode"] != json.Number("458") || failure["code"] != json.Number("190") {
			t.Errorf("got %v", data)
		}
	})
	t.Run("the app's token asks, and says what it is", func(t *testing.T) {
		sourced(t, srcTokens)
		r := w.get(graphPath("oauth/access_token"), url.Values{"grant_type": {"client_credentials"}, "client_id": {igsim.MetaAppID}, "client_secret": {igsim.DefaultMetaAppSecret}})
		own := w.tokenOf(r)
		if got, _ := w.graph(own, "debug_token", "input_token", own).json(t)["data"].(map[string]any); got["type"] != "APP" {
			t.Errorf("got %v", got)
		}
		refused(t, w.get(graphPath("oauth/access_token"), url.Values{"grant_type": {"client_credentials"}, "client_id": {igsim.MetaAppID}, "client_secret": {"x"}}), "1/- OAuthException: Error validating client secret.")
	})
	own := igsim.MetaAppID + "|" + igsim.DefaultMetaAppSecret
	for _, tt := range []struct {
		name, source string
		r            reply
		want         string
	}{
		{"a person's token asks", srcDebugRole, w.graph(w.facebookLong("leo.agency"), "debug_token", "input_token", long), "100/- OAuthException: (#100) You must provide an app access token, or a user access token that is an owner or developer of the app"},
		{"the pair of the Instagram app asks", srcDebug, w.graph(igsim.DefaultAppID+"|"+igsim.DefaultAppSecret, "debug_token", "input_token", long), "190/- OAuthException: Invalid OAuth access token signature."},
		{"nobody asks", srcDebug, w.get(graphPath("debug_token"), url.Values{"input_token": {long}}), "2500/- OAuthException: An active access token must be used to query information about the current user."},
		{"about nothing", srcDebug, w.graph(own, "debug_token"), "100/- OAuthException: The parameter input_token is required."},
		{"without proof", srcProofNeeded, w.get(graphPath("debug_token"), url.Values{"input_token": {long}, "access_token": {own}}), "100/- GraphMethodException: API calls from the server require an appsecret_proof argument"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sourced(t, tt.source)
			refused(t, tt.r, tt.want)
		})
	}
}

func TestSystemUser(t *testing.T) {
	sourced(t, srcBusiness)
	w := newWorld(t)
	never, err := w.SystemUserToken("ines.hidden", false)
	w.must(err)
	sixty, err := w.SystemUserToken("ines.hidden", true)
	w.must(err)
	w.must(w.ChangePassword("ines.hidden"))
	page := w.pageToken(never, "61550000000060577")
	w.clock.Advance(59 * 24 * time.Hour)
	if r := w.extend(never); strings.Contains(r.body, "expires_in") || r.status != http.StatusOK {
		t.Errorf("a token without an end got one: %s", r.body)
	}
	next := w.tokenOf(w.extend(sixty))
	w.clock.Advance(59 * 24 * time.Hour)
	for name, tt := range map[string]struct {
		token string
		alive bool
	}{
		"without an end":             {never, true},
		"its Page's":                 {page, true},
		"of sixty days":              {sixty, false},
		"of sixty days, and renewed": {next, true},
	} {
		if got := w.TokenAlive(tt.token); got != tt.alive {
			t.Errorf("%s, after 118 days: alive %v, want %v", name, got, tt.alive)
		}
	}
	if got := w.graph(never, "me", "fields", "client_business_id").json(t); got["client_business_id"] == nil || got["id"] == w.FacebookPeople()[3].AppScopedID {
		t.Errorf("me: got %v", got)
	}
	if got := pageNames(t, w.graph(never, "me/accounts")); len(got) != 1 {
		t.Errorf("Pages: got %q, want the hidden one", got)
	}
	t.Run("comes from the dialog too", func(t *testing.T) {
		code := w.returned(w.dialogForm("leo.agency", with(dialogQuery(), "config_id", igsim.SystemUserConfigID))).Get("code")
		r := w.get(graphPath("oauth/access_token"), facebookCodeQuery(code))
		if token := w.tokenOf(r); w.debug(token)["type"] != "SYSTEM_USER" || strings.Contains(r.body, "expires_in") {
			t.Errorf("got %v", w.debug(token))
		}
	})
	for _, username := range []string{"", "nobody", "maria.bakes"} {
		if _, err := w.SystemUserToken(username, false); err == nil {
			t.Errorf("%q: got no error", username)
		}
		if _, err := w.PopupCode(username); err == nil {
			t.Errorf("code of %q: got no error", username)
		}
	}
}
