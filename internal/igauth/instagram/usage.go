package instagram

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"igauth/internal/igauth"
)

// usageLife is how long what Meta said about the usage is believed. Meta counts
// over a rolling hour and sends the headers only to those who ask much
// (https://developers.facebook.com/docs/graph-api/overview/rate-limiting), so
// that an answer without them says nothing, and an old one no longer does.
const usageLife = 5 * time.Minute

// usage is what Meta's answers last said about what was used up.
type usage struct {
	mu sync.Mutex
	igauth.Usage
	appAt, businessAt time.Time
}

// Usage returns what Meta said last about what was used up, on any answer; zero
// where it said nothing within the last five minutes.
func (c *caller) Usage() igauth.Usage {
	now := c.now()
	c.usage.mu.Lock()
	defer c.usage.mu.Unlock()
	u := c.usage.Usage
	if now.Sub(c.usage.appAt) > usageLife {
		u.AppPercent = 0
	}
	if now.Sub(c.usage.businessAt) > usageLife {
		u.BusinessPercent, u.RegainAfter = 0, 0
	}
	return u
}

// note keeps what the headers of an answer say. A header that cannot be read is
// as good as none.
func (u *usage) note(header http.Header, now time.Time) {
	app, appOK := appUsage(header)
	business, regain, businessOK := businessUsage(header)
	u.mu.Lock()
	defer u.mu.Unlock()
	if appOK {
		u.AppPercent, u.appAt = app, now
	}
	if businessOK {
		u.BusinessPercent, u.RegainAfter, u.businessAt = business, regain, now
	}
}

// A counted is one line of usage. Reaching 100 with any of the three is reaching
// the limit.
type counted struct {
	Calls percent `json:"call_count"`
	CPU   percent `json:"total_cputime"`
	Time  percent `json:"total_time"`
}

func (c counted) most() int { return int(max(c.Calls, c.CPU, c.Time)) }

// appUsage reads X-App-Usage: {"call_count":28,"total_time":25,"total_cputime":25}.
func appUsage(header http.Header) (most int, ok bool) {
	var app *counted
	if json.Unmarshal([]byte(header.Get("X-App-Usage")), &app) != nil || app == nil {
		return 0, false
	}
	return app.most(), true
}

// businessUsage reads X-Business-Use-Case-Usage, which has a list for each
// account: {"<id>":[{"type":"instagram","call_count":28,"total_cputime":25,
// "total_time":25,"estimated_time_to_regain_access":<minutes>}]}.
func businessUsage(header http.Header) (most int, regain time.Duration, ok bool) {
	var accounts map[string][]struct {
		counted
		Minutes minutes `json:"estimated_time_to_regain_access"`
	}
	if json.Unmarshal([]byte(header.Get("X-Business-Use-Case-Usage")), &accounts) != nil || accounts == nil {
		return 0, 0, false
	}
	for _, uses := range accounts {
		for _, use := range uses {
			most = max(most, use.most())
			regain = max(regain, time.Duration(use.Minutes)*time.Minute)
		}
	}
	return most, regain, true
}

// percent is a whole percentage, or text that is one. What is none is 0, so that
// one member does not hide the others.
type percent int

// mostPercent is the highest percentage that is told apart.
const mostPercent = 1000

func (p *percent) UnmarshalJSON(data []byte) error {
	value, err := strconv.ParseFloat(strings.Trim(string(data), `"`), 64)
	if err != nil || !(value > 0) {
		*p = 0
		return nil
	}
	*p = percent(min(value, mostPercent))
	return nil
}

// minutes is a number of whole minutes, rounded up, or text that is one. What is
// none is 0, in the way of percent.
type minutes int

func (m *minutes) UnmarshalJSON(data []byte) error {
	value, err := strconv.ParseFloat(strings.Trim(string(data), `"`), 64)
	if err != nil || !(value > 0) {
		*m = 0
		return nil
	}
	*m = minutes(math.Ceil(min(value, longestWait.Minutes())))
	return nil
}
