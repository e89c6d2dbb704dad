package instagram_test

import (
	"net/http"
	"testing"
	"time"

	"igauth/internal/igauth"
)

// Minutes in a form that Meta does not document hide nothing else, and minutes with
// a fraction are waited for in full.
func TestOddMinutesHideNoLimit(t *testing.T) {
	for _, c := range []struct {
		minutes string
		want    time.Duration
	}{
		{`12.5`, 13 * time.Minute},
		{`"12.5"`, 13 * time.Minute},
		{`null`, 9 * time.Minute},
		{`"soon"`, 9 * time.Minute},
		{`[12]`, 9 * time.Minute},
		{`{"minutes":12}`, 9 * time.Minute},
		{`-3`, 9 * time.Minute},
		{`1e300`, 48 * time.Hour},
		{`"NaN"`, 9 * time.Minute},
	} {
		header := http.Header{businessHeader: {`{"1":[{"call_count":61,"estimated_time_to_regain_access":` + c.minutes + `}],"2":[{"estimated_time_to_regain_access":9}]}`}}
		for _, q := range questions {
			client := respond(t, http.StatusBadRequest, header, graphBody("limit", "80002", ""))
			if e := q.fails(t, client); e.Class != igauth.ClassThrottled || e.RetryAfter != c.want {
				t.Errorf("%s, %s: got %+v, want to wait %s", q.name, c.minutes, e, c.want)
			}
			if usage := q.usage(client); usage.BusinessPercent != 61 || usage.RegainAfter != c.want {
				t.Errorf("%s, %s: got %+v", q.name, c.minutes, usage)
			}
		}
	}
}
