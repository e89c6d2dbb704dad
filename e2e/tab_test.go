package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// screenshots is where the pictures go, to be looked at by a person.
const screenshots = "screenshots"

// The windows in which every page must work.
var windows = []struct {
	name          string
	width, height int64
	mobile        bool
}{
	{"phone", 360, 780, true},
	{"desktop", 1280, 900, false},
}

// A tab is a page with cookies of its own: another person's browser.
type tab struct {
	t    *testing.T
	ctx  context.Context
	name string // of its window
}

func newTab(t *testing.T, window int, language string) tab {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox, // tests run as root in containers
		chromedp.Flag("force-color-profile", "srgb"),
	)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	ctx, cancelTime := context.WithTimeout(ctx, 60*time.Second)
	t.Cleanup(cancelTime)
	w := windows[window]
	if err := chromedp.Run(ctx,
		emulation.SetDeviceMetricsOverride(w.width, w.height, 2, w.mobile),
		network.Enable(),
		network.SetExtraHTTPHeaders(network.Headers{"Accept-Language": language}),
	); err != nil {
		t.Fatalf("%v: is Chromium installed (apt-get install chromium)?", err)
	}
	return tab{t, ctx, w.name}
}

func (b tab) run(actions ...chromedp.Action) {
	b.t.Helper()
	if err := chromedp.Run(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

func (b tab) open(url string) {
	b.t.Helper()
	b.run(chromedp.Navigate(url))
}

// click clicks on an element and waits for the page that follows.
func (b tab) click(selector string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 20*time.Second)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(selector, chromedp.ByQuery)); err != nil {
		b.t.Fatalf("clicking on %s: %v", selector, err)
	}
}

// choose marks a test account in the consent window.
func (b tab) choose(account string) {
	b.t.Helper()
	b.run(chromedp.Click(fmt.Sprintf(`input[name=account][value=%q]`, account), chromedp.ByQuery))
}

func (b tab) location() string {
	b.t.Helper()
	var location string
	b.run(chromedp.Location(&location))
	return location
}

func (b tab) text() string {
	b.t.Helper()
	var text string
	b.run(chromedp.Text("body", &text, chromedp.ByQuery))
	return text
}

// sees asserts what a person reads.
func (b tab) sees(words string) {
	b.t.Helper()
	if text := b.text(); !strings.Contains(text, words) {
		b.t.Errorf("want %q at %s, got:\n%s", words, b.location(), text)
	}
}

// reaches waits for what a person reads on a page that comes by itself.
func (b tab) reaches(words string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 20*time.Second)
	defer cancel()
	if err := chromedp.Run(ctx, chromedp.WaitVisible(fmt.Sprintf(`//body[contains(., %q)]`, words), chromedp.BySearch)); err != nil {
		b.t.Fatalf("waiting for %q at %s: %v", words, b.location(), err)
	}
}

// shoot takes a picture, and asserts that nothing sticks out of the window.
func (b tab) shoot(name string) {
	b.t.Helper()
	var overflow int
	var picture []byte
	b.run(
		chromedp.Evaluate(`document.documentElement.scrollWidth - window.innerWidth`, &overflow),
		chromedp.FullScreenshot(&picture, 90),
	)
	if overflow > 0 {
		b.t.Errorf("%s on a %s is %d pixels too wide", name, b.name, overflow)
	}
	if err := os.MkdirAll(screenshots, 0o755); err != nil {
		b.t.Fatal(err)
	}
	file := filepath.Join(screenshots, fmt.Sprintf("%s-%s.jpg", name, b.name))
	if err := os.WriteFile(file, picture, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

const (
	approve = `button[name=decision][value=approve]`
	deny    = `button[name=decision][value=deny]`
)

// eachWindow runs a journey in every window.
func eachWindow(t *testing.T, journey func(t *testing.T, window int)) {
	t.Helper()
	for i, window := range windows {
		t.Run(window.name, func(t *testing.T) { journey(t, i) })
	}
}
