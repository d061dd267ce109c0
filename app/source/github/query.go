package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path"
	"strings"

	"github.com/kms-review/kms-review/app/gh"
)

// question is one GraphQL document. What a repository wrote (paths, ids) travels in variables, never in its text.
// https://docs.github.com/graphql/reference/objects
type question struct {
	number     int    // the pull request's state and threads; 0: not asked
	after      string // cursor in the threads
	settingsAt string // commit whose settings file is asked for; "": not asked
	org        bool   // the owner's settings file

	commit string   // merge base, for listings
	head   string   // for heads
	inline []string // directories with their files' contents
	names  []string // directories without
	heads  []string // directories at head, for the modes
	blobs  []string // contents by id
}

func (q question) empty() bool {
	return q.number == 0 && q.settingsAt == "" && !q.org && q.contents() == 0
}

func (q question) contents() int {
	return len(q.inline) + len(q.names) + len(q.heads) + len(q.blobs)
}

const (
	blobFields   = `__typename ... on Blob { oid byteSize isTruncated text }`
	stateFields  = `id state isDraft isCrossRepository baseRefOid headRefOid author { login } headRepository { id }`
	threadFields = `pageInfo { hasNextPage endCursor } nodes { id isResolved comments(first: 20) { totalCount ` +
		`nodes { id fullDatabaseId body path line isMinimized viewerDidAuthor } } }`
	entryFields = `name oid mode size`
	belowFields = `... on Tree { entries { name oid mode size } }` // for the var files right below
	orgFields   = `defaultBranchRef { target { oid ... on Commit { file(path: $orgSettings) { object { ` + blobFields + ` } } } } }`
)

// builder collects the fields below repository and their variables.
type builder struct {
	declared []string
	fields   []string
	vars     map[string]any
}

func (b *builder) variable(name, kind string, value any) {
	b.declared = append(b.declared, "$"+name+": "+kind)
	b.vars[name] = value
}

// expression adds an object named by "COMMIT:PATH".
func (b *builder) expression(alias, commit, dir, fields string) {
	if dir == "." {
		dir = ""
	}
	b.variable(alias, "String!", commit+":"+dir)
	b.fields = append(b.fields, alias+": object(expression: $"+alias+") { "+fields+" }")
}

// document is the text and the variables. Aliases are a letter and the index in the question's list.
func (q question) document(owner, name string) (string, map[string]any) {
	b := &builder{vars: map[string]any{}}
	b.variable("owner", "String!", owner)
	if q.number != 0 {
		b.variable("number", "Int!", q.number)
		threads := "reviewThreads(first: 100)"
		if q.after != "" {
			b.variable("after", "String", q.after)
			threads = "reviewThreads(first: 100, after: $after)"
		}
		b.fields = append(b.fields, "pullRequest(number: $number) { "+stateFields+" "+threads+" { "+threadFields+" } }")
	}
	if q.settingsAt != "" {
		b.expression("settings", q.settingsAt, settingsPath, blobFields)
	}
	for i, dir := range q.inline {
		b.expression(fmt.Sprintf("d%d", i), q.commit, dir,
			"__typename ... on Tree { entries { "+entryFields+" object { ... on Blob { byteSize isTruncated text } "+belowFields+" } } }")
	}
	for i, dir := range q.names {
		b.expression(fmt.Sprintf("n%d", i), q.commit, dir,
			"__typename ... on Tree { entries { "+entryFields+" object { "+belowFields+" } } }")
	}
	for i, dir := range q.heads {
		b.expression(fmt.Sprintf("h%d", i), q.head, dir, "__typename ... on Tree { entries { "+entryFields+" } }")
	}
	for i, oid := range q.blobs {
		alias := fmt.Sprintf("b%d", i)
		b.variable(alias, "GitObjectID!", oid)
		b.fields = append(b.fields, alias+": object(oid: $"+alias+") { "+blobFields+" }")
	}
	text := ""
	if len(b.fields) > 0 {
		b.variable("name", "String!", name)
		text = "repository(owner: $owner, name: $name) { " + strings.Join(b.fields, "\n") + " }"
	}
	if q.org {
		b.variable("orgSettings", "String!", settingsPath)
		text += "\norg: repository(owner: $owner, name: \".github\") { " + orgFields + " }"
	}
	return "query(" + strings.Join(b.declared, ", ") + ") {\n" + text + "\n}", b.vars
}

// object is what an object(...) field answers: a Blob, a Tree, or another type, of which the name is all we need.
type object struct {
	Typename string      `json:"__typename"`
	OID      string      `json:"oid"`
	Blob     blobText    // its fields lie beside the name
	Entries  []treeEntry `json:"entries"`
}

// UnmarshalJSON reads the fields of Blob beside the type's name.
func (o *object) UnmarshalJSON(data []byte) error {
	type plain object
	if err := json.Unmarshal(data, (*plain)(o)); err != nil {
		return err
	}
	return json.Unmarshal(data, &o.Blob)
}

// blobText is a Blob's contents as far as GraphQL gives them: cut at 512,000 bytes, null where it takes them for
// binary.
type blobText struct {
	ByteSize    int64   `json:"byteSize"`
	IsTruncated bool    `json:"isTruncated"`
	Text        *string `json:"text"`
}

// treeEntry is an entry of a directory. Mode is git's, as a decimal number.
type treeEntry struct {
	Name   string `json:"name"`
	OID    string `json:"oid"`
	Mode   int    `json:"mode"`
	Size   int64  `json:"size"`
	Object *struct {
		Text    *string     `json:"text"`
		Entries []treeEntry `json:"entries"`
	} `json:"object"`
}

// answer holds what a question brought; an object that does not exist is nil.
type answer struct {
	pull     *pullAnswer
	settings *object
	org      *orgAnswer
	dirs     map[string]*object // at the merge base
	heads    map[string]*object
	blobs    map[string]*object
}

// orgAnswer is the owner's settings repository; each step may be null.
type orgAnswer struct {
	DefaultBranchRef *struct {
		Target *struct {
			OID  string `json:"oid"`
			File *struct {
				Object *object `json:"object"`
			} `json:"file"`
		} `json:"target"`
	} `json:"defaultBranchRef"`
}

// settings is the file and the commit from which it was read.
func (o *orgAnswer) settings() (commit string, found *object) {
	if o == nil || o.DefaultBranchRef == nil || o.DefaultBranchRef.Target == nil {
		return "", nil
	}
	target := o.DefaultBranchRef.Target
	if target.File == nil {
		return target.OID, nil
	}
	return target.OID, target.File.Object
}

// ask sends one document. If GitHub cannot manage it (502, or an error in time) and it asked for directories
// with their contents, it is sent once more without these.
func (r *reading) ask(ctx context.Context, q question) (*answer, error) {
	answered, err := r.askOnce(ctx, q)
	if err != nil && len(q.inline) > 0 && tooHeavy(err) {
		r.source.log.WarnContext(ctx, "query too heavy, asking for less", "directories", len(q.inline))
		q.names, q.inline = append(q.names, q.inline...), nil
		return r.askOnce(ctx, q)
	}
	return answered, err
}

func tooHeavy(err error) bool {
	switch gh.Status(err) {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	var partial *gh.GraphQLError
	return errors.As(err, &partial) && partial.Errors[0].Type == ""
}

func (r *reading) askOnce(ctx context.Context, q question) (*answer, error) {
	text, vars := q.document(r.ref.Repo.Owner, r.ref.Repo.Name)
	var data struct {
		Repository map[string]json.RawMessage `json:"repository"`
		Org        *orgAnswer                 `json:"org"`
	}
	err := r.client.GraphQL(ctx, text, vars, &data)
	var partial *gh.GraphQLError
	if errors.As(err, &partial) {
		if _, all := partial.Under("org"); all {
			err = nil // the owner's settings repository is not, or no longer, within reach: it has none
		}
	}
	if err != nil {
		return nil, err
	}
	a := &answer{org: data.Org, dirs: map[string]*object{}, heads: map[string]*object{}, blobs: map[string]*object{}}
	return a, a.decode(q, data.Repository)
}

func (a *answer) decode(q question, fields map[string]json.RawMessage) error {
	var errs []error
	get := func(alias string, into any) {
		if raw, ok := fields[alias]; ok {
			if err := json.Unmarshal(raw, into); err != nil {
				errs = append(errs, fmt.Errorf("decode %s of GraphQL's answer: %w", alias, err))
			}
			return
		}
		errs = append(errs, fmt.Errorf("GraphQL's answer lacks %s", alias))
	}
	objects := func(letter string, names []string, into map[string]*object) {
		for i, name := range names {
			var o *object
			get(fmt.Sprintf("%s%d", letter, i), &o)
			into[name] = o
		}
	}
	if q.number != 0 {
		get("pullRequest", &a.pull)
	}
	if q.settingsAt != "" {
		get("settings", &a.settings)
	}
	objects("d", q.inline, a.dirs)
	objects("n", q.names, a.dirs)
	objects("h", q.heads, a.heads)
	objects("b", q.blobs, a.blobs)
	return errors.Join(errs...)
}

// safeName tells whether an entry's name is one that a directory can hold: git's tools refuse others, but what
// comes here came over the network.
func safeName(name string) bool {
	return name != "" && name != "." && name != ".." && path.Base(name) == name
}
