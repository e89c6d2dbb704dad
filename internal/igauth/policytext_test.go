package igauth

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

func TestParsePolicy(t *testing.T) {
	all := Policy{
		RefreshAt: 0.4, Jitter: 0.1, MinAge: 26 * time.Hour, RetryEvery: 12 * time.Hour,
		UrgentWithin: 10 * day, UrgentEvery: 90 * time.Minute, ProbeEvery: 11 * time.Hour,
		ConfirmAfter: 30 * time.Minute, WarnWithin: 14 * day, ReviveWithin: 3 * day,
	}
	const allText = "refresh_at=0.4 jitter=0.1 min_age=26h retry_every=12h urgent_within=10d urgent_every=1h30m probe_every=11h confirm_after=30m warn_within=14d revive_within=3d"
	with := func(edit func(*Policy)) Policy {
		p := defaultPolicy(t)
		edit(&p)
		return p
	}
	for name, c := range map[string]struct {
		text string
		want Policy
	}{
		"nothing":                  {"", defaultPolicy(t)},
		"white space":              {" \t\r\n", defaultPolicy(t)},
		"every name":               {allText, all},
		"commas":                   {strings.ReplaceAll(allText, " ", ", "), all},
		"lines":                    {strings.ReplaceAll(allText, " ", "\r\n"), all},
		"another order":            {"jitter=0.1,refresh_at=0.4", with(func(p *Policy) { p.RefreshAt, p.Jitter = 0.4, 0.1 })},
		"days":                     {"warn_within=5d", with(func(p *Policy) { p.WarnWithin = 5 * day })},
		"days and hours":           {"min_age=1d6h", with(func(p *Policy) { p.MinAge = 30 * time.Hour })},
		"seconds":                  {"confirm_after=90s", with(func(p *Policy) { p.ConfirmAfter = 90 * time.Second })},
		"part of an hour":          {"probe_every=1.5h", with(func(p *Policy) { p.ProbeEvery = 90 * time.Minute })},
		"no probe":                 {"probe_every=0", with(func(p *Policy) { p.ProbeEvery = -1 })},
		"no probe, with a unit":    {"probe_every=0h", with(func(p *Policy) { p.ProbeEvery = -1 })},
		"no revival":               {"revive_within=0", with(func(p *Policy) { p.ReviveWithin = -1 })},
		"no revival, in days":      {"revive_within=0d", with(func(p *Policy) { p.ReviveWithin = -1 })},
		"no spread":                {"jitter=0", with(func(p *Policy) { p.Jitter = almostNothing })},
		"an earlier first refresh": {"refresh_at=0.1 jitter=0.05", with(func(p *Policy) { p.RefreshAt = 0.1 })},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParsePolicy(c.text)
			if err != nil || got != c.want {
				t.Fatalf("got %s, %v, want %s", got, err, c.want)
			}
			if again, err := ParsePolicy(got.String()); err != nil || again != got {
				t.Errorf("%s is read as %s, %v", got, again, err)
			}
		})
	}
}

// What is wrong is said with the name and the value, and how to mend it.
func TestParsePolicyExplains(t *testing.T) {
	for text, says := range map[string][]string{
		"refresh=0.5":                   {`"refresh=0.5" is no part`, "refresh_at, jitter, min_age"},
		"refresh_at":                    {"refresh_at=: ", "such as 0.5"},
		"refresh_at=":                   {"refresh_at=: ", "such as 0.5"},
		"refresh_at=50%":                {"refresh_at=50%", "between 0 and 1"},
		"refresh_at=1":                  {"between 0 and 1"},
		"refresh_at=NaN":                {"refresh_at=NaN", "between 0 and 1"},
		"refresh_at=Inf":                {"between 0 and 1"},
		"refresh_at=-0.1":               {"between 0 and 1"},
		"refresh_at=0":                  {"above 0"},
		"refresh_at=30d":                {"between 0 and 1"},
		"jitter=NaN":                    {"jitter=NaN", "between 0 and 1"},
		"jitter=-0.05":                  {"between 0 and 1"},
		"probe_every=22":                {"probe_every=22", "such as 7d, 22h or 45m"},
		"probe_every=-22h":              {"such as 7d"},
		"probe_every=-1d":               {"such as 7d"},
		"probe_every=1d-2h":             {"such as 7d"},
		"probe_every=2d-2h":             {"such as 7d"},
		"probe_every=NaNh":              {"such as 7d"},
		"probe_every=1w":                {"such as 7d"},
		"probe_every=1d1d":              {"such as 7d"},
		"probe_every=d":                 {"such as 7d"},
		"probe_every=1.5d":              {"such as 7d"},
		"confirm_after=90.5s":           {"such as 7d"},
		"confirm_after=100ms":           {"such as 7d"},
		"urgent_within=4000d":           {"urgent_within=4000d", "365d at most"},
		"urgent_within=365d1s":          {"365d at most"},
		"urgent_within=9000h":           {"365d at most"},
		"urgent_within=99999999d":       {"such as 7d"},
		"min_age=0":                     {"min_age=0", "more than nothing"},
		"retry_every=0s":                {"more than nothing"},
		"urgent_within=0d":              {"more than nothing"},
		"urgent_every=0":                {"more than nothing"},
		"confirm_after=0":               {"more than nothing"},
		"warn_within=0":                 {"more than nothing"},
		"jitter=0.1 jitter=0.1":         {"jitter stands there twice"},
		"min_age=9 jitter=2 x=1":        {"min_age=9", "jitter=2", `"x=1"`}, // all at once
		`"refresh_at=0.5"`:              {"is no part of the policy"},
		"refresh_at=0.5;jitter=0.1":     {"refresh_at=0.5;jitter=0.1", "between 0 and 1"},
		"min_age=23h":                   {"min_age=23h", "younger than 24h"},
		"min_age=28d":                   {"min_age=28d", "comes after 27d already"},
		"refresh_at=0.86":               {"refresh_at=0.86 with jitter=0.05", "below 0.9", "time remains for tries"},
		"refresh_at=0.05":               {"above 0"},
		"retry_every=30s":               {"retry_every=30s", "a minute at least"},
		"retry_every=10d":               {"retry_every=10d", "after 33d", "after 60d", "3 tries"},
		"retry_every=5h":                {"urgent_every=6h", "not be longer than retry_every=5h"},
		"urgent_every=30s":              {"urgent_every=30s", "a minute at least"},
		"urgent_within=5h":              {"urgent_within=5h", "at least one try, urgent_every=6h"},
		"warn_within=27d":               {"warn_within=27d", "as late as 27d before their end"},
		"warn_within=20d refresh_at=.7": {"warn_within=20d", "as late as 15d before their end"},
		"probe_every=59m":               {"probe_every=59m", "an hour at least, or 0 for never"},
		"confirm_after=59s":             {"confirm_after=59s", "between a minute and a day"},
		"confirm_after=25h":             {"confirm_after=25h", "between a minute and a day"},
		"revive_within=12h":             {"revive_within=12h", "retry_every=24h", "0 for never"},
	} {
		p, err := ParsePolicy(text)
		if err == nil || p != (Policy{}) {
			t.Errorf("%q: got %s, %v, want an error and no policy", text, p, err)
			continue
		}
		for _, want := range says {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q: got %q, want %q in it", text, err, want)
			}
		}
	}
}

// Whatever is read means what it prints.
func FuzzParsePolicy(f *testing.F) {
	for _, text := range []string{
		"", "refresh_at=0.5 jitter=0.05", "probe_every=0,revive_within=0", "min_age=1d6h30m", "warn_within=9d23h59m59s",
		"refresh_at=NaN", "jitter=-1", "retry_every=9223372036854775807ns", "urgent_within=365d", "confirm_after=1e3s", "jitter=0x1p-5", "jitter=1e-300",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePolicy(text)
		if err != nil {
			if p != (Policy{}) {
				t.Errorf("an error and %s", p)
			}
			return
		}
		if checked, err := p.withDefaults(); err != nil || checked != p {
			t.Errorf("got %s, which is %v", p, err)
		}
		again, err := ParsePolicy(p.String())
		if err != nil || again != p {
			t.Errorf("%s is read as %s, %v", p, again, err)
		}
		if p.Outage() <= 0 {
			t.Errorf("no outage is survived with %s", p)
		}
	})
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-1: "0", 30 * time.Second: "30s", 10 * time.Second: "10s", time.Minute: "1m", 10 * time.Minute: "10m",
		time.Hour: "1h", 24 * time.Hour: "24h", 25 * time.Hour: "25h", 90 * time.Minute: "1h30m",
		48 * time.Hour: "2d", 49 * time.Hour: "49h", time.Hour + time.Second: "1h0m1s",
	} {
		if got := span(d); got != want {
			t.Errorf("%d: got %s, want %s", d, got, want)
		}
	}
}

// The longest outage is what the README promises.
func TestOutage(t *testing.T) {
	for text, want := range map[string]time.Duration{"": 27 * day, "refresh_at=0.4 jitter=0.1": 30 * day, "refresh_at=0.84": 6*day + 14*time.Hour + 24*time.Minute} {
		p, err := ParsePolicy(text + ",warn_within=3d,retry_every=12h")
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Outage().Round(time.Minute); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

// The README's table has every part with its default.
func TestPolicyIsDocumented(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range PolicyParts() {
		if want := fmt.Sprintf("| `%s` | %s |", part.Name, part.Of(Policy{})); !strings.Contains(string(readme), want) {
			t.Errorf("README.md does not have %q", want)
		}
	}
}
