package simulator_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kms-review/kms-review/app/simulator"
	"github.com/kms-review/kms-review/app/simulator/conformance"
)

// remark is a valid inline comment with fields replaced; nil takes a field away. The hunks of main.tf at head are
// lines 7-14, 37-42 with the deletion of line 40, and 47-53.
func remark(replaced fields) fields {
	c := fields{"path": "main.tf", "line": 10, "side": "RIGHT", "body": "Hm"}
	for k, v := range replaced {
		c[k] = v
		if v == nil {
			delete(c, k)
		}
	}
	return c
}

func TestCommentAnchors(t *testing.T) {
	t.Parallel()
	w := newWorld(t, conformance.RefusedRequests())
	for name, tc := range map[string]struct {
		change fields
		want   string // "": accepted
	}{
		"changed line":                {fields{}, ""},
		"context line":                {fields{"line": 7}, ""},
		"last context line":           {fields{"line": 14}, ""},
		"side left out":               {fields{"side": nil}, ""},
		"several lines":               {fields{"start_line": 9, "line": 12}, ""},
		"several lines, both sides":   {fields{"start_line": 9, "line": 12, "start_side": "RIGHT"}, ""},
		"deleted line":                {fields{"line": 40, "side": "LEFT"}, ""},
		"new file":                    {fields{"path": "new.tf", "line": 2}, ""},
		"removed file":                {fields{"path": "gone.tf", "line": 1, "side": "LEFT"}, ""},
		"one line above the hunk":     {fields{"line": 6}, "line must be part of the diff and Pull request review thread diff hunk can't be blank"},
		"one line below the hunk":     {fields{"line": 15}, "line must be part of the diff"},
		"between the hunks":           {fields{"line": 25}, "line must be part of the diff"},
		"beyond the file":             {fields{"line": 900}, "line must be part of the diff"},
		"starting above the hunk":     {fields{"start_line": 5, "line": 10}, "same hunk"},
		"over two hunks":              {fields{"start_line": 10, "line": 50}, "same hunk"},
		"start equal to line":         {fields{"start_line": 10}, "start line must precede the end line."},
		"start after line":            {fields{"start_line": 11}, "start line must precede the end line."},
		"start side without start":    {fields{"start_side": "RIGHT"}, "start side"},
		"from one side to the other":  {fields{"start_line": 9, "line": 12, "start_side": "LEFT"}, "start side"},
		"no such side":                {fields{"side": "MIDDLE"}, "side is not included"},
		"line of a removed file":      {fields{"path": "gone.tf", "line": 1}, "line must be part of the diff"},
		"file outside the change":     {fields{"path": "README.md", "line": 1}, "path could not be resolved"},
		"old name of a renamed file":  {fields{"path": "old/name.tf", "line": 1}, "path could not be resolved"},
		"renamed file without change": {fields{"path": "new/name.tf", "line": 1}, "line must be part of the diff"},
		"binary file":                 {fields{"path": "picture.png", "line": 1}, "line must be part of the diff"},
		"path with a dot":             {fields{"path": "./main.tf"}, "path could not be resolved"},
		"no body":                     {fields{"body": nil}, "body can't be blank"},
		"blank body":                  {fields{"body": " \n"}, "body can't be blank"},
		"longest body":                {fields{"body": strings.Repeat("é", 65536)}, ""},
		"body too long":               {fields{"body": strings.Repeat("x", 65537)}, "too long"},
		"no line":                     {fields{"line": nil}, "line can't be blank"},
		"position":                    {fields{"line": nil, "position": 3}, "line can't be blank"},
		"file-level comment":          {fields{"line": nil, "subject_type": "file"}, "subject_type"},
	} {
		before := len(w.pull.Comments())
		// A good comment goes along: one bad one refuses the whole review.
		a := w.do("POST", base+"/pulls/1/reviews", fields{"event": "COMMENT", "body": "b", "commit_id": w.pull.HeadSHA(),
			"comments": []any{remark(nil), remark(tc.change)}})
		posted := len(w.pull.Comments()) - before
		switch {
		case tc.want == "" && (a.status != 200 || posted != 2):
			t.Errorf("%s: status %d, %d posted: %s", name, a.status, posted, a.text)
		case tc.want != "" && (a.status != 422 || posted != 0 || !strings.Contains(a.text, tc.want)):
			t.Errorf("%s: status %d, %d posted, want %q: %s", name, a.status, posted, tc.want, a.text)
		}
	}
}

func TestReviewRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t, conformance.RefusedRequests())
	first := w.pull.HeadSHA()
	must(w.pull.Push("More", map[string]string{"new.tf": "first\nsecond\nthird\n"}))(t)
	for name, tc := range map[string]struct {
		change fields
		status int
	}{
		"comment":                   {fields{}, 200},
		"comment without body":      {fields{"body": nil}, 422},
		"comment with blank body":   {fields{"body": "\n"}, 422},
		"body too long":             {fields{"body": strings.Repeat("x", 65537)}, 422},
		"approval without body":     {fields{"event": "APPROVE", "body": nil}, 200},
		"request without body":      {fields{"event": "REQUEST_CHANGES", "body": nil}, 422},
		"pending":                   {fields{"event": nil}, 422},
		"no such event":             {fields{"event": "SHOUT"}, 422},
		"earlier commit":            {fields{"commit_id": first}, 200},
		"no commit":                 {fields{"commit_id": nil}, 200},
		"commit of the base":        {fields{"commit_id": w.repo.Head("main")}, 422},
		"commit that is not there":  {fields{"commit_id": strings.Repeat("1", 40)}, 422},
		"commit that is a branch":   {fields{"commit_id": "change"}, 422},
		"unknown key":               {fields{"message": "x"}, 422},
		"comments that are no list": {fields{"comments": "x"}, 422},
	} {
		body := fields{"event": "COMMENT", "body": "b", "commit_id": w.pull.HeadSHA()}
		for k, v := range tc.change {
			body[k] = v
			if v == nil {
				delete(body, k)
			}
		}
		if a := w.do("POST", base+"/pulls/1/reviews", body); a.status != tc.status {
			t.Errorf("%s: status %d, want %d: %s", name, a.status, tc.status, a.text)
		}
	}
	w.want(404, "POST", base+"/pulls/7/reviews", fields{"event": "COMMENT", "body": "b"})
}

// post puts one inline comment on the pull request and returns its id.
func (w *world) post(c fields) int64 {
	w.t.Helper()
	w.want(200, "POST", base+"/pulls/1/reviews", fields{"event": "COMMENT", "body": "b", "commit_id": w.pull.HeadSHA(), "comments": []any{c}})
	list := w.pull.Comments()
	return list[len(list)-1].ID
}

// Lines of threads follow the file, and are gone once they have changed.
func TestThreadsFollowTheirLines(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.post(remark(fields{"start_line": 10, "line": 11}))
	place := func() string {
		t.Helper()
		for _, c := range w.pull.Comments() {
			if c.ID == id {
				return fmt.Sprintf("%s:%d-%d outdated=%v", c.Path, c.StartLine, c.Line, c.Outdated)
			}
		}
		return "gone"
	}
	content := must(w.repo.File("change", "main.tf"))(t)
	steps := []struct {
		name, content, want string
		opts                []simulator.CommitOption
	}{
		{"two lines above", "a\nb\n" + content, "main.tf:12-13 outdated=false", nil},
		{"back", content, "main.tf:10-11 outdated=false", nil},
		{"a line between", strings.Replace(content, "changed 11", "between\nchanged 11", 1), "main.tf:0-0 outdated=true", nil},
		{"back again", content, "main.tf:10-11 outdated=false", nil},
		{"the first line changed", strings.Replace(content, "changed 10", "other 10", 1), "main.tf:0-0 outdated=true", nil},
		{"as on the base", numbered(60, nil), "main.tf:0-0 outdated=true", nil},
		{"back once more", content, "main.tf:10-11 outdated=false", nil},
		{"another line", strings.Replace(content, "line 30\n", "other 30\n", 1), "main.tf:10-11 outdated=false", nil},
	}
	for _, step := range steps {
		must(w.pull.Push(step.name, map[string]string{"main.tf": step.content}, step.opts...))(t)
		if got := place(); got != step.want {
			t.Errorf("%s: %s, want %s", step.name, got, step.want)
		}
	}
	must(w.pull.Push("renamed", nil, simulator.Rename("main.tf", "key.tf")))(t)
	if got := place(); got != "key.tf:10-11 outdated=false" {
		t.Errorf("renamed: %s", got)
	}
	must(w.pull.Push("removed", nil, simulator.Delete("key.tf")))(t)
	if got := place(); !strings.HasSuffix(got, "outdated=true") {
		t.Errorf("removed: %s", got)
	}
	if a := w.want(200, "GET", base+"/pulls/1/comments", nil); a.at(0, "line") != nil || a.at(0, "original_line") != 11.0 {
		t.Errorf("line %v, original line %v; want null and 11", a.at(0, "line"), a.at(0, "original_line"))
	}
}

func TestApplySuggestion(t *testing.T) {
	t.Parallel()
	block := "```suggestion\nfixed 10\n```"
	for name, tc := range map[string]struct {
		comment fields
		before  func(*testing.T, *world, int64)
		by      string
		want    map[int]string // of main.tf at head, replaced lines
		refused string
	}{
		"one line":         {remark(fields{"body": "Better:\n\n" + block + "\n\nBecause."}), nil, "author", map[int]string{10: "fixed 10\n"}, ""},
		"several lines":    {remark(fields{"start_line": 10, "line": 11, "body": "```suggestion\none\ntwo\nthree\n```"}), nil, "author", map[int]string{10: "one\ntwo\nthree\n", 11: ""}, ""},
		"deletes the line": {remark(fields{"body": "```suggestion\n```"}), nil, "author", map[int]string{10: ""}, ""},
		"an empty line":    {remark(fields{"body": "```suggestion\n\n```"}), nil, "author", map[int]string{10: "\n"}, ""},
		"longer fence":     {remark(fields{"body": "````suggestion\n```\n````"}), nil, "author", map[int]string{10: "```\n"}, ""},
		"text is literal":  {remark(fields{"body": "```suggestion\n\t <b>&amp; \\n  \n```"}), nil, "author", map[int]string{10: "\t <b>&amp; \\n  \n"}, ""},
		"the line has moved": {remark(fields{"body": block}), func(t *testing.T, w *world, _ int64) {
			content := must(w.repo.File("change", "main.tf"))(t)
			must(w.pull.Push("above", map[string]string{"main.tf": "top\n" + content}))(t)
		}, "author", map[int]string{1: "top\nline 1\n", 10: "fixed 10\n"}, ""},
		"no suggestion":         {remark(nil), nil, "author", nil, "no suggestion"},
		"two suggestions":       {remark(fields{"body": block + "\n\n" + block}), nil, "author", nil, "more than one"},
		"inside another block":  {remark(fields{"body": "~~~\n" + block + "\n~~~"}), nil, "author", nil, "no suggestion"},
		"no change":             {remark(fields{"body": "```suggestion\nchanged 10\n```"}), nil, "author", nil, "no change"},
		"without write access":  {remark(fields{"body": block}), nil, "outsider", nil, "write access"},
		"on deleted lines":      {remark(fields{"line": 40, "side": "LEFT", "body": block}), nil, "author", nil, "deleted lines"},
		"on a resolved thread":  {remark(fields{"body": block}), func(t *testing.T, w *world, id int64) { check(t, w.pull.Resolve(id, "reviewer")) }, "author", nil, "resolved"},
		"on a closed pull":      {remark(fields{"body": block}), func(t *testing.T, w *world, _ int64) { check(t, w.pull.Close("author")) }, "author", nil, "closed"},
		"on an outdated thread": {remark(fields{"body": block}), outdate, "author", nil, "outdated"},
		"in a file with CRLF":   {fields{"path": "dos.tf", "line": 1, "body": block}, nil, "author", nil, "CRLF"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			must(w.pull.Push("CRLF", map[string]string{"dos.tf": "one\r\ntwo\r\n"}))(t)
			id := w.post(tc.comment)
			if tc.before != nil {
				tc.before(t, w, id)
			}
			head := w.pull.HeadSHA()
			sha, err := w.pull.ApplySuggestion(id, tc.by)
			if tc.refused != "" {
				if err == nil || !strings.Contains(err.Error(), tc.refused) || w.pull.HeadSHA() != head {
					t.Errorf("error %v, want %q", err, tc.refused)
				}
				return
			}
			check(t, err)
			want := map[int]string{10: "changed 10\n", 11: "changed 11\n", 40: "", 50: "line 50\nnew 50\n"}
			for line, text := range tc.want {
				want[line] = text
			}
			if got := must(w.repo.File(sha, "main.tf"))(t); got != numbered(60, want) || w.pull.HeadSHA() != sha {
				t.Errorf("main.tf is\n%s", got)
			}
		})
	}
}

func outdate(t *testing.T, w *world, _ int64) {
	t.Helper()
	content := must(w.repo.File("change", "main.tf"))(t)
	must(w.pull.Push("other", map[string]string{"main.tf": strings.Replace(content, "changed 10", "other", 1)}))(t)
}
