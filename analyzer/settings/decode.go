package settings

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// document is the file's form. Pointers tell what is written from what is not.
type document struct {
	FailOn      *failOn    `yaml:"fail_on"`
	Rules       switches   `yaml:"rules"`
	IgnorePaths []pattern  `yaml:"ignore_paths"`
	Examples    *[]pattern `yaml:"example_paths"`
	VarFiles    varFiles   `yaml:"var_files"`
	Drafts      *drafts    `yaml:"drafts"`
	Comments    *comments  `yaml:"comments"`
	Floor       *floor     `yaml:"floor"`
	Summary     *summary   `yaml:"summary"`

	TrustedAccounts       *accounts `yaml:"trusted_accounts"`
	EBSEncryptedByDefault *bool     `yaml:"ebs_encrypted_by_default"`
	CustomerKeyRequired   types     `yaml:"customer_key_required"`
}

type comments struct {
	Severity *severity `yaml:"severity"`
	Limit    *limit    `yaml:"limit"`
}

// summary is where and how the account is told how all its repositories stand.
type summary struct {
	Repository *repositoryName `yaml:"repository"`
	Digest     *digest         `yaml:"digest"`

	line int
}

// floor is what an organisation insists on.
type floor struct {
	FailOn *failOn  `yaml:"fail_on"`
	Rules  []ruleID `yaml:"rules"` // must stay on

	line int
}

// problem is what is wrong in a line; 0 is the whole file.
type problem struct {
	line int
	text string
}

func decode(text []byte) (document, []problem) {
	if len(text) > maxFileBytes {
		return document{}, []problem{{0, fmt.Sprintf("it has %d bytes and the limit is %d", len(text), maxFileBytes)}}
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	var doc document
	err := decoder.Decode(&doc)
	if err == nil && !errors.Is(decoder.Decode(&yaml.Node{}), io.EOF) {
		return document{}, []problem{{0, "it holds more than one YAML document"}}
	}
	switch typeErr := (*yaml.TypeError)(nil); {
	case err == nil, errors.Is(err, io.EOF):
		if doc.Floor != nil {
			doc.Floor.line = lineOf(text, "floor")
		}
		if doc.Summary != nil {
			doc.Summary.line = lineOf(text, "summary")
		}
		return doc, nil
	case errors.As(err, &typeErr):
		var problems []problem
		for _, line := range typeErr.Errors {
			problems = append(problems, located(line))
		}
		return document{}, problems
	default:
		return document{}, []problem{located(err.Error())}
	}
}

// lineOf finds the line of a key at the top of the file; 0 where there is none.
func lineOf(text []byte, key string) int {
	var doc yaml.Node
	if yaml.Unmarshal(text, &doc) != nil || len(doc.Content) == 0 {
		return 0
	}
	for i := 0; i+1 < len(doc.Content[0].Content); i += 2 {
		if node := doc.Content[0].Content[i]; node.Value == key {
			return node.Line
		}
	}
	return 0
}

var (
	yamlLine = regexp.MustCompile(`^(?:yaml: )?line (\d+): (.*)$`)
	goType   = regexp.MustCompile(` (?:in type|into) (?:map\[\S+\]|\[\])*settings\.\w+`)
)

// located takes the line out of the decoder's message, and the names of our types.
func located(message string) problem {
	message = goType.ReplaceAllString(message, " here")
	if m := yamlLine.FindStringSubmatch(message); m != nil {
		line, _ := strconv.Atoi(m[1]) // digits only
		return problem{line, m[2]}
	}
	return problem{0, message}
}
