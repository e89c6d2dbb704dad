package instagram

import "time"

// GraphVersion is the version of the Graph API that Facebook Login is asked in.
// It stands here alone.
//
// Calls of Instagram Login carry no version: Meta documents its token endpoints
// without one, they take and give what they did when they began, and what names
// no version cannot end with one
// (https://developers.facebook.com/documentation/instagram-platform/reference/refresh_access_token).
const GraphVersion = "v26.0"

// versionLife is how long Meta keeps a version at least
// (https://developers.facebook.com/docs/graph-api/guides/versioning).
const versionLife = 2 // years

// graphVersions has when versions were released and, where Meta has announced
// it, when they end
// (https://developers.facebook.com/docs/graph-api/changelog/versions).
var graphVersions = map[string]struct{ released, end time.Time }{
	"v20.0": {day(2024, time.May, 21), day(2026, time.September, 24)},
	"v21.0": {day(2024, time.October, 2), day(2027, time.January, 21)},
	"v22.0": {day(2025, time.January, 21), day(2027, time.May, 20)},
	"v23.0": {day(2025, time.May, 29), day(2027, time.October, 8)},
	"v24.0": {day(2025, time.October, 8), day(2028, time.February, 18)},
	"v25.0": {day(2026, time.February, 18), day(2028, time.July, 29)},
	"v26.0": {day(2026, time.July, 29), time.Time{}},
}

func day(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// GraphVersionEnd returns when Meta shuts a version of the Graph API down, and
// whether it has announced that day. If it has not, the day is the earliest on
// which it can be: a version lives for two years after the next one was released
// (https://developers.facebook.com/docs/graph-api/guides/versioning), and so for
// more than two years after its own release. The end of a version that is not
// known here is zero.
func GraphVersionEnd(version string) (end time.Time, announced bool) {
	v, known := graphVersions[version]
	switch {
	case !known:
		return time.Time{}, false
	case v.end.IsZero():
		return v.released.AddDate(versionLife, 0, 0), false
	}
	return v.end, true
}
