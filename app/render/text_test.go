package render

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/kms-review/kms-review/analyzer"
	"github.com/kms-review/kms-review/app/render/quote/quotetest"
)

func textOf(t *testing.T, in input, color bool) string {
	t.Helper()
	var b bytes.Buffer
	if err := Text(&b, in.report, TextOptions{Color: color, Head: in.change.Head}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestText(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(in *input){
		"findings":   func(*input) {},
		"clean":      func(in *input) { in.report.Findings = nil },
		"everything": everything,
		"no-source":  func(in *input) { in.change.Head = nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := newInput()
			edit(&in)
			golden(t, "text/"+name+".golden", textOf(t, in, false))
		})
	}
}

func TestTextInColour(t *testing.T) {
	t.Parallel()
	in := newInput()
	golden(t, "text/colour.golden", strings.ReplaceAll(textOf(t, in, true), "\x1b", "<ESC>"))
}

// A repository's escape sequences must not reach the terminal, where they can hide or forge lines.
func TestTextShowsControlCharacters(t *testing.T) {
	t.Parallel()
	for _, s := range quotetest.Hostile() {
		got := textOf(t, hostileInput(s), false)
		if i := strings.IndexAny(got, "\x00\x1b\r\u202e\u2028"); i >= 0 {
			t.Errorf("%q reaches the terminal: %q", s, got[max(0, i-40):min(len(got), i+40)])
		}
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestWriteErrorsAreTold(t *testing.T) {
	t.Parallel()
	in := newInput()
	if err := Text(broken{}, in.report, TextOptions{}); err == nil || !strings.Contains(err.Error(), "disk full") {
		t.Errorf("text: %v", err)
	}
	if err := JSON(broken{}, in.report); err == nil || !strings.Contains(err.Error(), "disk full") {
		t.Errorf("JSON: %v", err)
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(in *input){
		"everything": everything,
		"empty": func(in *input) {
			in.report = analyzer.Report{Tool: analyzer.Tool{Name: "kms-review", Version: "1.0.0"}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := newInput()
			edit(&in)
			in.report.Findings = append(in.report.Findings[:0:0], in.report.Findings...)
			before := len(in.report.Findings)
			if before > 0 {
				in.report.Findings[0].Instances, in.report.Findings[0].Evidence, in.report.Findings[0].References = nil, nil, nil
			}
			var b bytes.Buffer
			if err := JSON(&b, in.report); err != nil {
				t.Fatal(err)
			}
			golden(t, "json/"+name+".golden", b.String())
			var again analyzer.Report
			if err := json.Unmarshal(b.Bytes(), &again); err != nil || len(again.Findings) != before {
				t.Errorf("read back: %v, %d findings", err, len(again.Findings))
			}
			if strings.Contains(strings.ReplaceAll(b.String(), `"suggestion": null`, ""), "null") {
				t.Errorf("a list is null:\n%s", b.String())
			}
		})
	}
}

// The caller's report must not change: it is rendered in several forms.
func TestJSONLeavesTheReportAlone(t *testing.T) {
	t.Parallel()
	in := newInput()
	in.report.Findings[0].Instances = nil
	if err := JSON(&bytes.Buffer{}, in.report); err != nil {
		t.Fatal(err)
	}
	if in.report.Findings[0].Instances != nil {
		t.Error("the findings of the caller were changed")
	}
}
