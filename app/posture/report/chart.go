package report

import (
	"fmt"
	"time"

	"github.com/kms-review/kms-review/app/posture"
)

// The charts are SVG without a viewBox: what lies side by side is measured in percent of the width, so that bars become
// narrower on a small screen and letters do not become smaller.
const (
	plotHeight = 180 // pixels
	plotTop    = 14  // room for the letters of the highest line
	gutter     = 8.0 // percent, left of the bars, for the numbers of the lines
)

// barChart is weeks side by side, each a pile of severities.
type barChart struct {
	Height int
	Lines  []gridLine
	Bars   []pile
	Labels []label
	Says   string // all of it in words, for those who do not see it
}

type gridLine struct {
	Y, TextY int
	Value    string
}

type pile struct {
	X, Width string // percent
	Parts    []part
	Says     string
}

type part struct {
	Class     string
	Y, Height int
}

type label struct {
	X    string
	Y    int
	Text string
}

// trendChart draws the weeks; nil where there are fewer than two.
func trendChart(points []point) *barChart {
	if len(points) < 2 {
		return nil
	}
	highest := 1
	for _, p := range points {
		highest = max(highest, p.open())
	}
	step := gridStep(highest)
	top := (highest + step - 1) / step * step
	y := func(n int) int { return plotTop + plotHeight - n*plotHeight/top }
	c := &barChart{Height: plotTop + plotHeight + 24}
	for n := 0; n <= top; n += step {
		c.Lines = append(c.Lines, gridLine{Y: y(n), TextY: y(n) + 4, Value: number(n)})
	}
	slot := (100 - gutter) / float64(len(points))
	every := (len(points) + 5) / 6 // six dates fit on the smallest screen
	for i, p := range points {
		left := gutter + slot*float64(i)
		bar := pile{X: percent(left + slot*.15), Width: percent(slot * .7)}
		sum := 0
		for j, n := range []int{p.Critical, p.High, p.Medium, p.Low} {
			if n > 0 {
				bar.Parts = append(bar.Parts, part{Class: classes()[j], Y: y(sum + n), Height: y(sum) - y(sum+n)})
			}
			sum += n
		}
		bar.Says = fmt.Sprintf("Week of %s: %s open: %s", date(p.Week), number(sum), severities{p.Critical, p.High, p.Medium, p.Low}.words())
		c.Bars = append(c.Bars, bar)
		if i%every == 0 {
			c.Labels = append(c.Labels, label{X: percent(left + slot/2), Y: c.Height - 6, Text: p.Week.Format("2 Jan")})
		}
	}
	first, last := points[0], points[len(points)-1]
	c.Says = fmt.Sprintf("Open findings by week: %s in the week of %s, %s in the week of %s", number(first.open()), date(first.Week), number(last.open()), date(last.Week))
	return c
}

func classes() []string { return []string{"critical", "high", "medium", "low"} }

// gridStep is the distance of lines of which three to five are drawn: 1, 2 or 5 times a power of ten.
func gridStep(highest int) int {
	for step := 1; ; step *= 10 {
		for _, s := range []int{step, 2 * step, 5 * step} {
			if highest <= 5*s {
				return s
			}
		}
	}
}

func percent(f float64) string { return fmt.Sprintf("%.2f%%", f) }

// share is one bar cut into parts, with a legend.
type share struct {
	Title string
	Says  string
	Parts []slice
}

type slice struct {
	Class, Name, Count, Percent string
	X, Width                    string
}

// newShare leaves out what is none; nil where all is none.
func newShare(title string, parts ...slicePart) *share {
	total := 0
	for _, p := range parts {
		total += p.n
	}
	if total == 0 {
		return nil
	}
	s := &share{Title: title, Says: title + ":"}
	at := 0.0
	for _, p := range parts {
		if p.n == 0 {
			continue
		}
		width := 100 * float64(p.n) / float64(total)
		s.Parts = append(s.Parts, slice{Class: p.class, Name: p.name, Count: number(p.n), Percent: fmt.Sprintf("%.0f%%", width), X: percent(at), Width: percent(width)})
		s.Says += fmt.Sprintf(" %s %s.", p.name, number(p.n))
		at += width
	}
	return s
}

type slicePart struct {
	class, name string
	n           int
}

// shares are the bars of a report.
func (a account) shares() []*share {
	k, c := a.keys(), a.consumers()
	missing := a.inState(posture.Waiting) + a.inState(posture.Failed) + a.inState(posture.TooLarge) + a.inState(posture.NoAccess)
	nothing := a.inState(posture.NoTerraform) + a.inState(posture.Empty)
	all := []*share{
		newShare("Repositories", slicePart{"good", "scanned", a.inState(posture.Scanned)}, slicePart{"quiet", "nothing to scan", nothing},
			slicePart{"medium", "archived", a.inState(posture.Archived)}, slicePart{"high", "not scanned", missing}),
		newShare("Keys that AWS can rotate", slicePart{"good", "rotation on", k.Rotated}, slicePart{"high", "rotation off", max(0, k.Rotatable-k.Rotated)}),
		newShare("Resources that KMS can encrypt", slicePart{"good", "customer managed key", c.OwnKey}, slicePart{"low", "key of AWS", c.AWSKey},
			slicePart{"high", "not encrypted", c.NotEncrypted}, slicePart{"quiet", "not known", c.Unknown}),
	}
	var drawn []*share
	for _, s := range all {
		if s != nil {
			drawn = append(drawn, s)
		}
	}
	return drawn
}

// moment is a time as a report shows it.
func moment(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}
