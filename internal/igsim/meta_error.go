package igsim

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
)

// A MetaError is an error that Meta is known to answer. Its Name is a
// [Fault.Kind], so that each can be had on each endpoint; [Errors] lists all. The
// names are stable: tests elsewhere use them.
//
// The envelope is always that of the endpoint. graph.instagram.com and
// graph.facebook.com have one, the code exchange of Instagram another, which has
// no room for Graph's codes; the consent window and the dialog show the text on a
// page, or send the visitor back with it if Place is "redirect".
type MetaError struct {
	Name string `json:"name"`
	// Place is where Meta sends it: "graph", "instagram" (api.instagram.com), "window"
	// (a page that the visitor sees) or "redirect" (parameters of the visitor's
	// return).
	Place string `json:"place"`
	// Status is the HTTP status where the endpoint answers JSON.
	Status int    `json:"status"`
	Type   string `json:"type,omitempty"`
	// Code and Subcode are Graph's. Code is 100 for those of other places, for the
	// case that they are put on a Graph endpoint.
	Code       int    `json:"code"`
	Subcode    int    `json:"subcode,omitempty"`
	HasSubcode bool   `json:"has_subcode,omitempty"` // Instagram sends 0 for an expired token
	Transient  bool   `json:"transient,omitempty"`
	Message    string `json:"message"`
	// Ours says that the text was never published and is made up here.
	Ours bool `json:"ours,omitempty"`
	// Query is what a redirect appends to the redirect URI; state is added where
	// StateLost is not set.
	Query     string `json:"query,omitempty"`
	StateLost bool   `json:"state_lost,omitempty"`
	// Source is the page that tells of it.
	Source string `json:"source"`
}

// Errors returns the errors of Meta that a [Fault] can answer, each with a name
// of its own.
func Errors() []MetaError {
	errors := slices.Clone(metaErrors)
	for i := range errors {
		e := &errors[i]
		e.Status = cmp.Or(e.Status, http.StatusBadRequest)
		e.Type = cmp.Or(e.Type, "OAuthException")
		e.Code = cmp.Or(e.Code, 100)
		e.HasSubcode = e.HasSubcode || e.Subcode != 0
	}
	return errors
}

// metaError finds an error by its name.
func metaError(name string) (MetaError, bool) {
	i := slices.IndexFunc(metaErrors, func(e MetaError) bool { return e.Name == name })
	if i < 0 {
		return MetaError{}, false
	}
	return Errors()[i], true
}

// errorAnswer is an error in the envelope of the request's endpoint.
func (s *Simulator) errorAnswer(c *call, e MetaError) answer {
	switch c.endpoint {
	case endpointAuthorize, endpointDialog:
		return s.windowError(c, e)
	case endpointCode:
		return c.flatAnswer(e.Status, e.Type, e.Message)
	}
	a := c.graphError(graphError{status: e.Status, message: e.Message, kind: e.Type, code: e.Code, subcode: e.Subcode, hasSub: e.HasSubcode, transient: e.Transient})
	switch {
	case e.Code == 4:
		a.header.Set("X-App-Usage", appUsage(max(100, c.usage.App)))
	case e.Code > 80000:
		a.header.Set("X-Business-Use-Case-Usage", businessUsage(cmp.Or(c.userID, "0"), max(100, c.usage.Business), 17))
	}
	return a
}

// windowError shows an error to the visitor, or sends the visitor back with it.
// Nobody is sent to an address that is not registered.
func (s *Simulator) windowError(c *call, e MetaError) answer {
	if e.Place != "redirect" {
		return refusalPage(e.Status, e.Message, "")
	}
	values := c.query
	if c.method == http.MethodPost {
		values = c.form
	}
	back := consentRequest{redirectURI: values.Get("redirect_uri"), state: values.Get("state")}
	fragment := "#_"
	allowed := s.redirectAllowed
	if c.endpoint == endpointDialog {
		fragment, allowed = "#_=_", s.facebookRedirectAllowed
	}
	if !allowed(back.redirectURI) {
		return refusalPage(http.StatusBadRequest, "Invalid redirect_uri", "")
	}
	if e.StateLost {
		back.state = ""
	}
	return back.sendBack(e.Query, fragment)
}

// back is the query of a redirect with an error.
func back(pairs ...string) string {
	query := ""
	for i := 0; i < len(pairs); i += 2 {
		if i > 0 {
			query += "&"
		}
		query += pairs[i] + "=" + url.QueryEscape(pairs[i+1])
	}
	return query
}
