package instagram_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"igauth/internal/igauth"
	"igauth/internal/igauth/instagram"
)

const (
	metaGraph = "/" + instagram.GraphVersion
	pageID    = "104450000000301"
	personID  = "122104440000000501"
	// What Meta answers if all is well.
	goodPerson = `{"access_token":"EAAshort","token_type":"bearer","expires_in":5400}`
	goodUser   = `{"access_token":"EAAlong","token_type":"bearer","expires_in":5183944}`
	goodPage   = `{"access_token":"EAApage","id":"` + pageID + `"}`
	goodIGUser = `{"username":"maria.bakes","name":"Maria's Bakery","id":"` + accountID + `"}`
	goodDone   = `{"success":true}`
	goodPages  = `{"data":[{"id":"` + pageID + `","name":"Maria's Bakery","access_token":"EAApage","tasks":["MODERATE","MANAGE"],` +
		`"instagram_business_account":{"id":"` + accountID + `","username":"maria.bakes"}}],"paging":{"cursors":{"before":"QVFIUa","after":"QVFIUz"}}}`
	goodInspection = `{"data":{"app_id":"` + appID + `","type":"USER","application":"igauth","data_access_expires_at":1803202200,"expires_at":1800610200,` +
		`"is_valid":true,"issued_at":1795426200,"scopes":["pages_show_list","instagram_basic"],` +
		`"granular_scopes":[{"scope":"pages_show_list","target_ids":["` + pageID + `"]}],"user_id":"` + personID + `"}}`
)

// nothing is the result of what has none.
type nothing struct{}

// pageList is the result of asking for Pages.
type pageList struct {
	pages []igauth.Page
	next  string
}

// The questions of Facebook Login. Those that come first give tokens.
var facebookQuestions = []question{
	{"Facebook: exchanging a code", goodPerson, func(ctx context.Context, c *clients) (any, error) {
		return c.Facebook.ExchangeCode(ctx, igauth.NewSecret(codeText))
	}},
	{"Facebook: extending a token", goodUser, func(ctx context.Context, c *clients) (any, error) {
		return c.Facebook.ExtendToken(ctx, igauth.NewSecret(tokenText))
	}},
	{"Facebook: reading a Page's token", goodPage, func(ctx context.Context, c *clients) (any, error) {
		return c.Facebook.PageToken(ctx, pageID, igauth.NewSecret(tokenText))
	}},
	{"Facebook: inspecting a token", goodInspection, func(ctx context.Context, c *clients) (any, error) {
		return c.Facebook.Inspect(ctx, igauth.NewSecret(tokenText))
	}},
	{"Facebook: listing Pages", goodPages, func(ctx context.Context, c *clients) (any, error) {
		pages, next, err := c.Facebook.Pages(ctx, igauth.NewSecret(tokenText), "")
		return pageList{pages, next}, err
	}},
	{"Facebook: reading the profile", goodIGUser, func(ctx context.Context, c *clients) (any, error) {
		return c.Facebook.Profile(ctx, accountID, igauth.NewSecret(tokenText))
	}},
	{"Facebook: revoking a token", goodDone, func(ctx context.Context, c *clients) (any, error) {
		return nothing{}, c.Facebook.Revoke(ctx, personID, igauth.NewSecret(tokenText))
	}},
}

// proofText proves that whoever has tokenText has secretText, too.
var proofText = proof(secretText, tokenText)

func proof(secret, token string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = mac.Write([]byte(token))
	return hex.EncodeToString(mac.Sum(nil))
}

func (q question) facebook() bool { return strings.HasPrefix(q.name, "Facebook: ") }

func (q question) inspects() bool { return q.name == "Facebook: inspecting a token" }

// answeredBy reports whether a failure is an answer to the question.
func (q question) answeredBy(f failure) bool {
	return q.inspects() && f.is == igauth.CodeTokenOtherApp
}

// usage is what the client that asks the question knows of it.
func (q question) usage(c *clients) igauth.Usage {
	if q.facebook() {
		return c.Facebook.Usage()
	}
	return c.Usage()
}

// of returns the code that a failure of a token has for a question. Whoever
// inspects a token asks in the app's name, so that a dead token is the app's own.
func (q question) of(code igauth.Code) igauth.Code {
	if !q.inspects() {
		return code
	}
	switch code.Class() {
	case igauth.ClassDead:
		return igauth.CodeAppSecret
	case igauth.ClassNeedsUser:
		return igauth.CodeAppMisconfigured
	}
	return code
}
