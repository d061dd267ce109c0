package demo

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/kms-review/kms-review/app/simulator"
)

// delivered waits for the answer to a webhook and prints it.
func (d *demo) delivered(ctx context.Context, event, action string) error {
	var last simulator.Delivery
	err := d.until(ctx, fmt.Sprintf("an answer to the webhook %s %s", event, action), func() bool {
		for _, v := range slices.Backward(d.sim.Deliveries()) {
			if v.Event == event && v.Action == action {
				last = v
				return v.Done
			}
		}
		return false
	})
	if err != nil {
		return err
	}
	d.say("Webhook", "%s %s: answered %d in %s", event, action, last.StatusCode, milliseconds(last.Duration))
	if last.StatusCode != http.StatusAccepted {
		return fmt.Errorf("deliver the webhook %s %s: the App answered %d, want 202: %s", event, action, last.StatusCode, last.Error)
	}
	return nil
}

// settled waits until every webhook so far is answered.
func (d *demo) settled(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, d.opts.Patience)
	defer cancel()
	return d.sim.WaitDeliveries(ctx)
}

func milliseconds(d time.Duration) string {
	if d < 10*time.Millisecond {
		return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
	}
	return fmt.Sprintf("%d ms", d.Milliseconds())
}

// review waits for a completed check run on the head, newer than the given one, and prints it.
func (d *demo) review(ctx context.Context, after int64) (simulator.CheckRun, error) {
	start := time.Now()
	var run simulator.CheckRun
	err := d.until(ctx, "the check run on "+short(d.pull.HeadSHA()), func() bool {
		runs := d.pull.CheckRuns()
		if len(runs) == 0 {
			return false
		}
		run = runs[len(runs)-1]
		return run.ID > after && run.Status == "completed"
	})
	if err != nil {
		return run, err
	}
	d.say("Check run", "%s: %s (%s later)", run.Conclusion, run.Title, milliseconds(time.Since(start)))
	return run, nil
}

// firstReview shows what the App has found.
func (d *demo) firstReview(ctx context.Context) error {
	run, err := d.review(ctx, 0)
	if err != nil {
		return err
	}
	if run.Conclusion != "failure" {
		return fmt.Errorf("the first review ended as %q, want failure: the pull request turns rotation off", run.Conclusion)
	}
	comments := d.pull.Comments()
	if len(comments) == 0 {
		return errors.New("the first review has no comments")
	}
	d.say("Comments", "%d in the pull request:", len(comments))
	d.list(comments)
	return d.requests(ctx, 1, "check run")
}

// list prints comments with their places in a column.
func (d *demo) list(comments []simulator.Comment) {
	places := make([]string, len(comments))
	width := 0
	for i, c := range comments {
		places[i] = fmt.Sprintf("%s:%d", c.Path, c.Line)
		width = max(width, len(places[i]))
	}
	for i, c := range comments {
		click := ""
		if suggestion.MatchString(c.Body) {
			click = ", with a suggestion"
		}
		d.more("%-*s  %s%s", width, places[i], headline(c.Body), click)
	}
}

// suggestion is the start of a block that GitHub makes a button of.
var suggestion = regexp.MustCompile("(?m)^```+suggestion$")

// headline is the first line of a comment without its Markdown.
func headline(body string) string {
	line, _, _ := strings.Cut(body, "\n")
	return strings.NewReplacer("*", "", "`", "").Replace(line)
}

// applySuggestions presses the button of every suggestion.
func (d *demo) applySuggestions(ctx context.Context) error {
	d.say("", "")
	d.sim.ResetRequests()
	for _, c := range d.pull.Comments() {
		if c.Minimized != "" || !suggestion.MatchString(c.Body) {
			continue
		}
		sha, err := d.pull.ApplySuggestion(c.ID, "author")
		if err != nil {
			return fmt.Errorf("apply the suggestion on %s:%d: %w", c.Path, c.Line, err)
		}
		d.applied = append(d.applied, c.ID)
		d.say("Suggestion", "%s: committed as %s", headline(c.Body), short(sha))
	}
	if len(d.applied) == 0 {
		return errors.New("no comment has a suggestion that could be applied")
	}
	return d.delivered(ctx, "pull_request", "synchronize")
}

// secondReview succeeds if the suggestions have cured the pull request and their comments are folded away.
func (d *demo) secondReview(ctx context.Context) error {
	run, err := d.review(ctx, 0)
	if err != nil {
		return err
	}
	if run.Conclusion != "success" {
		return fmt.Errorf("after the suggestions the check run is %q, want success: %s", run.Conclusion, run.Title)
	}
	folded := func() bool {
		for _, c := range d.pull.Comments() {
			if slices.Contains(d.applied, c.ID) && c.Minimized == "" {
				return false
			}
		}
		return true
	}
	if err := d.until(ctx, "the folding away of the comments whose suggestion was applied", folded); err != nil {
		return err
	}
	d.say("Comments", "%d of %d folded away as resolved", len(d.applied), len(d.pull.Comments()))
	return d.requests(ctx, 1, "GraphQL mutation")
}

// recheck asks for a review by a comment and waits for the App's two reactions.
func (d *demo) recheck(ctx context.Context) error {
	d.say("", "")
	runs := d.pull.CheckRuns()
	d.sim.ResetRequests()
	id, err := d.pull.Comment("author", "/kms-recheck")
	if err != nil {
		return err
	}
	d.say("Comment", "/kms-recheck by author")
	if err := d.reaction(ctx, id, "eyes", "👀"); err != nil {
		return err
	}
	run, err := d.review(ctx, runs[len(runs)-1].ID)
	if err != nil {
		return err
	}
	if run.Conclusion != "success" {
		return fmt.Errorf("after /kms-recheck the check run is %q, want success: %s", run.Conclusion, run.Title)
	}
	if err := d.reaction(ctx, id, "rocket", "🚀"); err != nil {
		return err
	}
	if err := d.requests(ctx, 2, "reaction"); err != nil {
		return err
	}
	d.say("", "\nThe App's own suggestions have cured the pull request.")
	return nil
}

func (d *demo) reaction(ctx context.Context, comment int64, name, emoji string) error {
	if err := d.until(ctx, emoji+" on the comment /kms-recheck", func() bool { return d.reacted(comment, name) }); err != nil {
		return err
	}
	d.say("Reaction", "%s", emoji)
	return nil
}

func (d *demo) reacted(comment int64, content string) bool {
	for _, c := range d.pull.Conversation() {
		if c.ID == comment {
			return slices.ContainsFunc(c.Reactions, func(r simulator.Reaction) bool { return r.Content == content })
		}
	}
	return false
}

// show keeps the page up until the reader ends it, and applies the suggestions when asked to.
func (d *demo) show(ctx context.Context) error {
	d.say("", "\nThe pull request as a reviewer sees it:\n\n  %s/%s/pull/%d\n", d.pageURL, d.repo.FullName(), d.pull.Number())
	entered := d.lines()
	if entered != nil {
		d.say("", "Press Enter to apply the suggestions, Ctrl-C to end.")
	} else {
		d.say("", "Ctrl-C ends it.")
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-d.ended:
			return fmt.Errorf("the App has ended: %w", d.failed)
		case <-entered:
			entered = nil
			for _, step := range []func(context.Context) error{d.applySuggestions, d.secondReview, d.recheck} {
				if err := step(ctx); err != nil {
					return err
				}
			}
			d.say("", "Reload the page to see it. Ctrl-C ends it.")
		}
	}
}

// lines tells of the first line that the reader enters. Reading cannot be interrupted: the goroutine ends with the
// process.
func (d *demo) lines() <-chan struct{} {
	if d.opts.In == nil {
		return nil
	}
	entered := make(chan struct{})
	go func() {
		if _, err := bufio.NewReader(d.opts.In).ReadString('\n'); err == nil {
			close(entered)
		}
	}()
	return entered
}

func short(sha string) string { return sha[:min(len(sha), 7)] }
