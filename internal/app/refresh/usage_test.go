package refresh

import (
	"bytes"
	"strings"
	"testing"

	"igauth/internal/emf"
	"igauth/internal/igauth"
)

// Both of Meta's headers about usage become metrics, and a header that was not sent
// none.
func TestUsageBecomesAMetricIfMetaSaysIt(t *testing.T) {
	for _, c := range []struct{ app, business int }{{0, 0}, {28, 0}, {0, 91}, {28, 91}} {
		var lines bytes.Buffer
		if err := emf.Write(&lines, metrics("shop", igauth.Report{StartedAt: started, AppUsage: c.app, BusinessUsage: c.business})); err != nil {
			t.Fatal(err)
		}
		for name, n := range map[string]int{`"AppUsagePercent":28`: c.app, `"BusinessUsagePercent":91`: c.business} {
			if got := strings.Contains(lines.String(), name); got != (n > 0) {
				t.Errorf("%+v: %s is there: %t\n%s", c, name, got, &lines)
			}
		}
		if c.business == 0 && strings.Contains(lines.String(), "BusinessUsage") {
			t.Errorf("a metric of nothing:\n%s", &lines)
		}
	}
}
