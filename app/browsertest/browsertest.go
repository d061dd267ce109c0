// Package browsertest owns the headless Chromium that tests look at pages with: its start, a tab, what the tab complains
// about, and pictures for people.
package browsertest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Start starts a headless Chromium, or skips the test where there is none: KMS_REVIEW_REQUIRE=chromium demands it.
func Start(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		path, err = exec.LookPath("google-chrome")
	}
	if err != nil {
		if slices.Contains(strings.Split(os.Getenv("KMS_REVIEW_REQUIRE"), ","), "chromium") {
			t.Fatalf("chromium is demanded by KMS_REVIEW_REQUIRE: %v", err)
		}
		t.Skip("chromium is not installed")
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(path), chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium has no sandbox for root
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx, chromedp.WithErrorf(func(string, ...any) {})) // events newer than the library
	t.Cleanup(cancel)
	check(t, chromedp.Do(ctx))
	return ctx
}

// Tab is one page in the browser and what it complained about.
type Tab struct {
	T        *testing.T // which fails; it changes with the subtest
	Pictures string     // directory of Picture and PDF; "": they do nothing

	ctx context.Context //nolint:containedctx // a tab is its context: chromedp finds it there

	mu         sync.Mutex
	complaints []string
	requests   []string
}

// NewTab opens a tab in a browser that Start returned.
func NewTab(parent context.Context, t *testing.T) *Tab {
	t.Helper()
	b := &Tab{T: t}
	ctx, cancel := chromedp.NewContext(parent, chromedp.WithListener(b.event))
	t.Cleanup(cancel)
	b.ctx = ctx
	check(t, chromedp.Do(ctx)) // opens the tab, with the domains of network, log and runtime on
	return b
}

// event notes violations of the policy, failed loads and errors of scripts: all of them come to the console.
func (b *Tab) event(ev any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := ev.(type) {
	case *cdplog.EventEntryAdded:
		b.complaints = append(b.complaints, string(e.Entry.Source)+": "+e.Entry.Text)
	case *runtime.EventConsoleAPICalled:
		b.complaints = append(b.complaints, "console: "+string(e.Type))
	case *runtime.EventExceptionThrown:
		b.complaints = append(b.complaints, "exception: "+e.ExceptionDetails.Text)
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.URL)
	}
}

// Look opens a page with a width and a colour scheme.
func (b *Tab) Look(url string, width int64, scheme string) {
	b.T.Helper()
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	check(b.T, err)
	check(b.T, chromedp.Do(b.ctx, chromedp.EmulateViewport(width, 900), chromedp.Navigate(url)))
}

// Eval runs an expression of the test in the page and returns its value.
func (b *Tab) Eval(expression string) string {
	b.T.Helper()
	return must(chromedp.Run(b.ctx, chromedp.Evaluate[string]("String("+expression+")")))(b.T)
}

// Expect compares an expression of the page with what it should be.
func (b *Tab) Expect(what, expression, want string) {
	b.T.Helper()
	if got := b.Eval(expression); got != want {
		b.T.Errorf("%s: got %q, want %q", what, got, want)
	}
}

// Quiet asserts that the console stayed empty and nothing was loaded from elsewhere.
func (b *Tab) Quiet(origin string) {
	b.T.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.complaints {
		b.T.Errorf("the console says: %s", c)
	}
	for _, url := range b.requests {
		if !strings.HasPrefix(url, origin+"/") {
			b.T.Errorf("the page loaded %s", url)
		}
	}
	if len(b.requests) == 0 {
		b.T.Error("no request was seen: this test sees nothing")
	}
}

// Picture writes what the whole page looks like, as a PNG of this name.
func (b *Tab) Picture(name string) {
	b.T.Helper()
	if b.Pictures == "" {
		return
	}
	png := must(chromedp.Run(b.ctx, chromedp.FullScreenshot(100)))(b.T)
	check(b.T, os.MkdirAll(b.Pictures, 0o750))
	check(b.T, os.WriteFile(filepath.Join(b.Pictures, name+".png"), png, 0o600))
}

// Contrast lists text whose colour differs too little from its background: below 4.5 to 1, the bound of WCAG 2.2
// (https://www.w3.org/TR/WCAG22/#contrast-minimum).
const Contrast = `(() => {
	const rgb = c => c.match(/[\d.]+/g).map(Number);
	const luminance = c => { const [r, g, b] = rgb(c).slice(0, 3).map(v => { v /= 255; return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; });
		return .2126 * r + .7152 * g + .0722 * b; };
	const background = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (rgb(c)[3] !== 0) return c; } return "rgb(255, 255, 255)"; };
	const bad = new Set();
	const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	while (walk.nextNode()) {
		const e = walk.currentNode.parentElement;
		if (!walk.currentNode.data.trim() || !e.checkVisibility() || e.closest("svg")) continue;
		const [a, b] = [luminance(getComputedStyle(e).color), luminance(background(e))].sort((x, y) => y - x);
		if ((a + .05) / (b + .05) < 4.5) bad.add(e.tagName + "." + e.className + " " + ((a + .05) / (b + .05)).toFixed(2));
	}
	return [...bad].join(", ");
})()`

// PDF prints the page as a reader would, on A4, and returns the file's bytes.
func (b *Tab) PDF(name string) []byte {
	b.T.Helper()
	result := must(chromedp.Call(b.ctx, page.PrintToPDF, page.PrintToPDFParams{PreferCSSPageSize: new(true), PrintBackground: new(true)}))(b.T)
	if b.Pictures != "" {
		check(b.T, os.MkdirAll(b.Pictures, 0o750))
		check(b.T, os.WriteFile(filepath.Join(b.Pictures, name+".pdf"), result.Data, 0o600))
	}
	return result.Data
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		check(t, err)
		return v
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
