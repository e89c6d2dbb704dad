package igsim

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// errNoPerson is about a control that got no username.
var errNoPerson = errors.New("name a person: see FacebookPeople")

// facebookScopes are the permissions of Facebook that the dialog knows here, with
// what it calls them.
// https://developers.facebook.com/docs/permissions
var facebookScopes = map[string]string{
	"public_profile":            "See your name and profile picture",
	"email":                     "See your email address",
	"instagram_basic":           "See your Instagram profile and media",
	"instagram_content_publish": "Publish content on Instagram for you",
	"instagram_manage_comments": "Read and manage your Instagram comments",
	"instagram_manage_insights": "See your Instagram insights",
	"instagram_manage_messages": "Read and manage your Instagram messages",
	"pages_show_list":           "See the Pages that you manage",
	"pages_read_engagement":     "Read the content of your Pages",
	"pages_manage_metadata":     "Change the settings of your Pages",
	"pages_messaging":           "Manage the conversations of your Pages",
	"business_management":       "Manage your business portfolio",
	"ads_management":            "Manage ads",
	"ads_read":                  "See how your ads do",
}

// configScopes are what the two configurations ask for, sorted.
var configScopes = []string{"business_management", "instagram_basic", "pages_show_list"}

// rerequest is the auth_type that asks once more for what was declined.
const rerequest = "rerequest"

// A dialogRequest is what a client asks the dialog for.
type dialogRequest struct {
	path, clientID, redirectURI, state, config, authType string
	scopes                                               []string
}

// readDialog checks a request for consent. Its second result is the text of the
// page that refuses it.
func (s *Simulator) readDialog(c *call, v url.Values, scopeList string) (dialogRequest, string) {
	q := dialogRequest{path: c.path, clientID: v.Get("client_id"), redirectURI: v.Get("redirect_uri"), state: v.Get("state"), config: v.Get("config_id"), authType: v.Get("auth_type")}
	if q.clientID != s.cfg.MetaAppID {
		return q, msgInvalidAppID
	}
	if !s.facebookRedirectAllowed(q.redirectURI) {
		return q, msgURLBlocked
	}
	if kind := v.Get("response_type"); kind != "code" && kind != "" {
		return q, "Invalid response_type: the simulator supports only code"
	}
	if !slices.Contains([]string{"", rerequest, "reauthenticate", "reauthorize"}, q.authType) {
		return q, "Invalid value of auth_type"
	}
	if q.config != "" {
		if !slices.Contains([]string{s.cfg.FacebookConfigID, SystemUserConfigID}, q.config) {
			return q, "Invalid configuration ID"
		}
		q.scopes = configScopes
		return q, ""
	}
	var dead []string
	for _, name := range strings.FieldsFunc(scopeList, func(r rune) bool { return r == ',' || r == ' ' }) {
		switch {
		case facebookScopes[name] == "":
			dead = append(dead, name)
		case name != "public_profile" && !slices.Contains(q.scopes, name):
			q.scopes = append(q.scopes, name)
		}
	}
	if len(dead) > 0 {
		return q, msgInvalidScopes + strings.Join(dead, ", ")
	}
	return q, ""
}

func (s *Simulator) facebookRedirectAllowed(uri string) bool {
	if len(s.cfg.FacebookRedirectURIs) > 0 {
		return slices.Contains(s.cfg.FacebookRedirectURIs, uri)
	}
	return usableRedirect(uri)
}

// params is the request as the dialog's query had it.
func (q dialogRequest) params() url.Values {
	v := url.Values{"client_id": {q.clientID}, "redirect_uri": {q.redirectURI}, "response_type": {"code"}}
	if q.state != "" {
		v.Set("state", q.state)
	}
	if q.config != "" {
		v.Set("config_id", q.config)
	}
	if q.authType != "" {
		v.Set("auth_type", q.authType)
	}
	return v
}

func (q dialogRequest) url() string {
	v := q.params()
	if q.config == "" {
		v.Set("scope", strings.Join(q.scopes, ","))
	}
	return q.path + "?" + v.Encode()
}

// dialog serves Facebook's login dialog and takes its form. The caller holds
// s.mu.
// https://developers.facebook.com/documentation/facebook-login/guides/advanced/manual-flow
func (s *Simulator) dialog(c *call) answer {
	switch c.method {
	case http.MethodGet, http.MethodHead:
	case http.MethodPost:
		return s.decideDialog(c)
	default:
		a := refusalPage(http.StatusMethodNotAllowed, "The dialog is opened with GET", "")
		a.header.Set("Allow", "GET, HEAD, POST")
		return a
	}
	if !c.queryOK {
		return refusalPage(http.StatusBadRequest, "Sorry, this page isn't available", "")
	}
	q, refusal := s.readDialog(c, c.query, c.query.Get("scope"))
	if refusal != "" {
		return refusalPage(http.StatusBadRequest, refusal, "")
	}
	return s.dialogPage(q)
}

// decideDialog takes the dialog's form. Its fields are those of the request and
//
//	account   a username; absent: the first
//	offered   the permissions the dialog offered, with commas
//	scope     once per ticked permission
//	page      once per ticked Page; the names of other people's are ignored
//	pages     none: no Page is shown, whatever page says
//	decision  approve or deny
//
// A form without offered is a script's: its scope is read as the dialog's URL has
// it, all of it is granted, and without page all Pages are shown. With a
// configuration all permissions are granted or none. Of a permission that the
// person declined before, the dialog speaks again only if auth_type is rerequest;
// without that its tick does not count. The caller holds s.mu.
// https://developers.facebook.com/documentation/facebook-login/guides/permissions/request-revoke
// https://developers.facebook.com/documentation/facebook-login/facebook-login-for-business
func (s *Simulator) decideDialog(c *call) answer {
	if c.form == nil {
		return refusalPage(http.StatusBadRequest, "The decision must come as a form", "")
	}
	offered, granted := c.form.Get("offered"), c.form["scope"]
	scripted := !c.form.Has("offered")
	if scripted {
		offered = strings.Join(granted, ",")
	}
	q, refusal := s.readDialog(c, c.form, offered)
	if refusal != "" {
		return refusalPage(http.StatusBadRequest, refusal, "")
	}
	if scripted || q.config != "" {
		granted = q.scopes
	}
	for _, name := range granted {
		if !slices.Contains(q.scopes, name) {
			return refusalPage(http.StatusBadRequest, msgInvalidScopes+name, q.url())
		}
	}
	p := s.facebookPerson(c.account)
	if p == nil {
		return refusalPage(http.StatusBadRequest, "There is no such person", q.url())
	}
	if !scripted && q.config == "" && q.authType != rerequest {
		granted = slices.DeleteFunc(slices.Clone(granted), func(name string) bool { return slices.Contains(p.declined, name) })
	}
	shown := c.form["page"]
	switch {
	case c.form.Get("pages") == "none":
		shown = nil
	case scripted && !c.form.Has("page"):
		shown = p.Pages
	}
	switch c.form.Get("decision") {
	case "approve":
		code := s.consented(p, consent{asked: q.scopes, granted: granted, shown: shown},
			facebookCode{RedirectURI: q.redirectURI, Config: q.config}, c.now)
		s.save(c.now)
		return consentRequest{redirectURI: q.redirectURI, state: q.state}.sendBack("code="+code, "#_=_")
	case "deny":
		return consentRequest{redirectURI: q.redirectURI, state: q.state}.sendBack(deniedAtFacebook, "#_=_")
	}
	return refusalPage(http.StatusBadRequest, "Neither approved nor denied", q.url())
}

// deniedAtFacebook are the parameters of a refusal.
const deniedAtFacebook = "error=access_denied&error_code=200&error_description=Permissions+error&error_reason=user_denied"

// A consent is what a person decided.
type consent struct{ asked, granted, shown []string }

// consented keeps a consent and hands out a code for it. What was granted before
// and not asked for again stays granted; the choice of Pages replaces the earlier
// one. The caller holds s.mu.
func (s *Simulator) consented(p *facebookPerson, d consent, code facebookCode, now time.Time) string {
	code.Username, code.ExpiresAt = p.Username, now.Add(facebookCodeLife)
	if code.Config != SystemUserConfigID {
		granted := slices.DeleteFunc(slices.Clone(p.granted), func(name string) bool { return slices.Contains(d.asked, name) })
		granted = append(append(granted, d.granted...), "public_profile")
		slices.Sort(granted)
		p.granted = slices.Compact(granted)
		p.declined = slices.DeleteFunc(append(slices.Clone(p.declined), d.asked...), func(name string) bool { return slices.Contains(p.granted, name) })
		slices.Sort(p.declined)
		p.declined = slices.Compact(p.declined)
		p.shown = slices.DeleteFunc(slices.Clone(d.shown), func(id string) bool { return !slices.Contains(p.Pages, id) })
		p.dataAccessUntil = now.Add(dataAccessLife)
	}
	text := "AQ" + randomText(180)
	s.fb.codes[text] = &code
	return text
}

// dialogPage is the dialog itself. Every person's Pages are in it, because a form
// without a script cannot wait for the choice; only those of the chosen one are
// seen, and count. The caller holds
// s.mu.
func (s *Simulator) dialogPage(q dialogRequest) answer {
	type pageChoice struct{ ID, Name, Instagram string }
	type personChoice struct {
		FacebookPerson
		Chosen bool
		Pages  []pageChoice
	}
	data := struct {
		AppID, Host, Path string
		Hidden            []field
		People            []personChoice
		Scopes            []choice
		Config            bool
	}{AppID: q.clientID, Host: hostOf(q.redirectURI), Path: q.path, Config: q.config != ""}
	params := q.params()
	params.Set("offered", strings.Join(q.scopes, ","))
	for name := range params {
		data.Hidden = append(data.Hidden, field{name, params.Get(name)})
	}
	slices.SortFunc(data.Hidden, func(a, b field) int { return strings.Compare(a.Name, b.Name) })
	for i, p := range s.fb.people {
		choice := personChoice{FacebookPerson: p.FacebookPerson, Chosen: i == 0}
		for _, id := range p.Pages {
			page := s.page(id)
			c := pageChoice{ID: id, Name: page.Name}
			if a, ok := s.instagramOf(page.Instagram); ok && page.Instagram != "" {
				c.Instagram = a.username
			}
			choice.Pages = append(choice.Pages, c)
		}
		data.People = append(data.People, choice)
	}
	for _, name := range q.scopes {
		data.Scopes = append(data.Scopes, choice{Value: name, Label: facebookScopes[name]})
	}
	return page(http.StatusOK, "dialog.html", data)
}
