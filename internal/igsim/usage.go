package igsim

import (
	"fmt"
	"net/http"
	"strconv"
)

// Usage is what the answers of graph.instagram.com say about how much of Meta's
// allowance was used up, in percent. 100 is the limit, and Meta may say more.
// Nothing is refused because of it: that takes a [Fault].
// https://developers.facebook.com/docs/graph-api/overview/rate-limiting
type Usage struct {
	// App is sent in X-App-Usage, 0: the header is left out. A new simulator
	// says 3.
	App int `json:"app"`
	// Business is sent in X-Business-Use-Case-Usage, for the account whose token
	// it is; 0, as at first: the header is left out.
	Business int `json:"business"`
}

// defaultUsage is that of an app which asks little.
var defaultUsage = Usage{App: 3}

// SetUsage replaces what is said about the usage. It fails, and changes nothing,
// for less than 0 percent.
func (s *Simulator) SetUsage(u Usage) error {
	if u.App < 0 || u.Business < 0 {
		return fmt.Errorf("a usage of %d%% and %d%%: must not be below 0", u.App, u.Business)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.usage = u
	return nil
}

// Usage returns what is said about the usage.
func (s *Simulator) Usage() Usage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.usage
}

// graphJSON is a successful answer of graph.instagram.com.
func (c *call) graphJSON(v any) answer {
	return c.withUsage(jsonAnswer(http.StatusOK, v))
}

// withUsage adds the headers that every answer of graph.instagram.com may have.
func (c *call) withUsage(a answer) answer {
	if c.usage.App > 0 {
		a.header.Set("X-App-Usage", appUsage(c.usage.App))
	}
	if c.usage.Business > 0 && c.userID != "" {
		a.header.Set("X-Business-Use-Case-Usage", businessUsage(c.userID, c.usage.Business, 0))
	}
	return a
}

// appUsage is the header about the app. The numbers are equal only here.
func appUsage(percent int) string {
	n := strconv.Itoa(percent)
	return `{"call_count":` + n + `,"total_time":` + n + `,"total_cputime":` + n + `}`
}

// businessUsage is the header about an account, with the minutes until it may be
// asked about again.
func businessUsage(userID string, percent, minutes int) string {
	return fmt.Sprintf(`{"%s":[{"type":"instagram","call_count":%d,"total_cputime":25,"total_time":25,"estimated_time_to_regain_access":%d}]}`, userID, percent, minutes)
}
