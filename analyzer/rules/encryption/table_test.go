package encryption_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/kms-review/kms-review/analyzer"
	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/kms/services"
	"github.com/kms-review/kms-review/analyzer/settings"
)

// argument is an argument of a configuration that a test makes: the path to it, and the expression.
type argument struct{ path, expr string }

// configuration writes a resource of a type with the arguments, in blocks or where object is set in objects, and a
// variable without a value.
func configuration(typ string, object bool, arguments ...argument) string {
	return "variable \"any\" {}\n\nresource \"" + typ + "\" \"x\" {\n" + body(object, arguments) + "}\n"
}

func body(object bool, arguments []argument) string {
	var out strings.Builder
	var names []string
	nested := map[string][]argument{}
	for _, a := range arguments {
		head, rest, more := strings.Cut(a.path, ".")
		if !more {
			fmt.Fprintf(&out, "%s = %s\n", head, a.expr)
			continue
		}
		if nested[head] == nil {
			names = append(names, head)
		}
		nested[head] = append(nested[head], argument{rest, a.expr})
	}
	for _, name := range names {
		equals := ""
		if object {
			equals = "= "
		}
		fmt.Fprintf(&out, "%s %s{\n%s}\n", name, equals, body(object, nested[name]))
	}
	return out.String()
}

// analyse judges a root module, beside one that has to do with KMS.
func analyse(t *testing.T, text string, with settings.Settings) analyzer.Report {
	t.Helper()
	report, err := analyzer.Analyze(t.Context(), analyzer.Input{
		Head: fstest.MapFS{
			"main.tf":       {Data: []byte(text)},
			"other/main.tf": {Data: []byte("resource \"aws_kms_alias\" \"other\" {\n  name = \"alias/other\"\n  target_key_id = \"1234abcd-12ab-34cd-56ef-1234567890ab\"\n}\n")},
		}, Settings: with, Now: time.Unix(0, 0),
	})
	if err != nil || len(report.Diagnostics) > 0 {
		t.Fatal(err, report.Diagnostics, text)
	}
	return report
}

// judge says what a rule makes of a configuration: "reported", "undecided" or "silent".
func judge(t *testing.T, id, text string, with settings.Settings) (verdict string, found []finding.Finding) {
	t.Helper()
	with.Rules[id] = true
	report := analyse(t, text, with)
	for _, f := range report.Findings {
		if f.Rule == id {
			found = append(found, f)
		}
	}
	for _, u := range report.Undecided {
		if u.Rule == id {
			verdict = "undecided"
		}
	}
	switch {
	case len(found) > 0:
		return "reported", found
	case verdict == "":
		return "silent", nil
	}
	return verdict, nil
}

const ownKey = `"arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"`

func quoted(text string) string {
	if text == "true" || text == "false" {
		return text
	}
	return fmt.Sprintf("%q", text)
}

// wrong is a value of a flag that does not encrypt.
func wrong(f *services.Flag) string {
	switch {
	case f.Default != "" && !slices.Contains(f.Need, f.Default):
		return quoted(f.Default)
	case f.Need[0] == "true":
		return "false"
	}
	return `"OTHER"`
}

// TestFlags has each flag of the table on, off, not written and not known, beside a key.
func TestFlags(t *testing.T) {
	t.Parallel()
	off, absent := 0, 0
	for _, row := range services.All() {
		f := row.Flag
		if f == nil {
			continue
		}
		extra := []argument{{row.Path, ownKey}}
		if row.OnlyWith != "" {
			extra = append(extra, argument{row.OnlyWith, "true"})
		}
		reported, undecided, absence := "reported", "undecided", "silent"
		if f.FromSource {
			reported, undecided = "silent", "silent"
		} else if f.Default != "" && !slices.Contains(f.Need, f.Default) || f.Unwritten {
			absence = "reported"
		}
		for name, c := range map[string]struct{ expr, want string }{
			"on": {quoted(f.Need[0]), "silent"}, "off": {wrong(f), reported}, "unknown": {"var.any", undecided}, "absent": {"", absence},
		} {
			arguments := slices.Clone(extra)
			if c.expr != "" {
				arguments = append(arguments, argument{f.Path, c.expr})
			}
			text := configuration(row.Type, row.Object, arguments...)
			verdict, found := judge(t, "KMS501", text, settings.Default())
			if verdict != c.want || len(found) > 1 {
				t.Errorf("%s.%s, flag %s: %s, not %s\n%s", row.Type, f.Path, name, verdict, c.want, text)
			}
			switch {
			case verdict == "reported" && name == "off":
				off++
			case verdict == "reported":
				absent++
			}
			unsuggested(t, found)
		}
	}
	if off != 61 || absent != 36 {
		t.Errorf("%d flags that are off are reported and %d that are not written, not 61 and 36", off, absent)
	}
}

// unsuggested asserts that in a scan, where nothing is known to be new, the only suggestions are those that the table
// says are carried out in place.
func unsuggested(t *testing.T, found []finding.Finding) {
	t.Helper()
	for _, f := range found {
		if f.Suggestion == nil {
			continue
		}
		typ, _, _ := strings.Cut(f.Address, ".")
		inPlace := slices.ContainsFunc(services.Of(typ), func(row services.Row) bool {
			if row.Flag == nil {
				return false
			}
			s, known := services.SwitchOf(typ, row.Flag.Path)
			return known && !s.Uncertain && (s.On == services.InPlace || s.On == services.EngineDecides)
		})
		if !inPlace {
			t.Errorf("%s: a suggestion that may replace it: %+v", f.Address, *f.Suggestion)
		}
	}
}

// TestMadeFromSomething gives each flag that is off a source, which decides instead.
func TestMadeFromSomething(t *testing.T) {
	t.Parallel()
	n := 0
	for _, row := range services.All() {
		if row.Flag == nil {
			continue
		}
		for _, source := range row.Flag.Sources {
			n++
			arguments := []argument{{row.Path, ownKey}, {row.Flag.Path, wrong(row.Flag)}, {"engine", `"mysql"`}}
			for expr, want := range map[string]string{`"it"`: "silent", "var.any": "undecided", "null": "reported"} {
				text := configuration(row.Type, row.Object, append(arguments[:3:3], argument{source, expr})...)
				if verdict, _ := judge(t, "KMS501", text, settings.Default()); verdict != want {
					t.Errorf("%s made from %s = %s: %s", row.Type, source, expr, verdict)
				}
			}
		}
		for _, block := range row.Flag.SourceBlocks {
			n++
			text := configuration(row.Type, row.Object, argument{row.Path, ownKey}, argument{row.Flag.Path, wrong(row.Flag)}, argument{block + ".x", "1"})
			if verdict, _ := judge(t, "KMS501", text, settings.Default()); verdict != "silent" {
				t.Errorf("%s made from a block %s: %s", row.Type, block, verdict)
			}
		}
	}
	if n != 23 {
		t.Errorf("%d sources are tried, not 23", n)
	}
}

// TestFeatures has each feature whose key is of no use without it on, off, not written and not known.
func TestFeatures(t *testing.T) {
	t.Parallel()
	n := 0
	for _, row := range services.All() {
		if row.OnlyWith == "" {
			continue
		}
		n++
		arguments := []argument{{row.Path, ownKey}}
		if row.Flag != nil {
			arguments = append(arguments, argument{row.Flag.Path, quoted(row.Flag.Need[0])})
		}
		for expr, want := range map[string]string{"true": "silent", "false": "reported", "null": "reported", "var.any": "undecided"} {
			text := configuration(row.Type, row.Object, append(arguments[:len(arguments):len(arguments)], argument{row.OnlyWith, expr})...)
			verdict, found := judge(t, "KMS501", text, settings.Default())
			if verdict != want || verdict == "reported" && (found[0].Severity != finding.Low || found[0].Suggestion != nil) {
				t.Errorf("%s.%s = %s: %s %v", row.Type, row.OnlyWith, expr, verdict, found)
			}
		}
	}
	if n != 6 {
		t.Errorf("%d features are tried, not 6", n)
	}
}

// TestStorages has each storage encrypted, unencrypted, silent about it and not known, and with the account's default on.
func TestStorages(t *testing.T) {
	t.Parallel()
	byDefault := settings.Default()
	byDefault.Options.EBSEncryptedByDefault = true
	for _, s := range services.Storages() {
		if !strings.HasPrefix(s.Documents, "https://docs.aws.amazon.com/") {
			t.Errorf("%s.%s: nobody says that it is unencrypted", s.Type, s.Path)
		}
		off := "false"
		if s.On != "true" {
			off = `"NONE"`
		}
		absent := "reported"
		severity := finding.High
		if s.Account {
			absent, severity = "silent", finding.Medium
		}
		var others []argument
		if s.Or != "" {
			others = append(others, argument{s.Or, quoted(s.On)})
		}
		if len(s.Engines) > 0 {
			others = append(others, argument{"engine", `"mysql"`})
		}
		for expr, want := range map[string]string{quoted(s.On): "silent", off: "reported", "null": absent, "var.any": "undecided"} {
			text := configuration(s.Type, false, append(others[:len(others):len(others)], argument{s.Path, expr})...)
			verdict, found := judge(t, "KMS502", text, settings.Default())
			if verdict != want || verdict == "reported" && found[0].Severity != severity {
				t.Errorf("%s.%s = %s: %s %v", s.Type, s.Path, expr, verdict, found)
			}
			if verdict, _ = judge(t, "KMS502", text, byDefault); s.Account && verdict == "reported" {
				t.Errorf("%s.%s = %s is reported where the settings say that volumes are encrypted", s.Type, s.Path, expr)
			}
		}
		if verdict, _ := judge(t, "KMS502", configuration(s.Type, false, others...), settings.Default()); verdict != absent {
			t.Errorf("%s without %s: %s", s.Type, s.Path, verdict)
		}
		arguments, _ := s.MadeFrom()
		for _, source := range arguments {
			text := configuration(s.Type, false, append(others[:len(others):len(others)], argument{s.Path, off}, argument{source, `"it"`})...)
			if verdict, _ := judge(t, "KMS502", text, settings.Default()); verdict != "silent" {
				t.Errorf("%s made from %s: %s", s.Type, source, verdict)
			}
		}
	}
}
