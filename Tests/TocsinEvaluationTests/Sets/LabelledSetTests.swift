import Foundation
import Testing
import TocsinTestSupport

@testable import TocsinEvaluation

struct LabelledSetTests {
    /// A manifest as the sets have it, with `causes` under `root_causes`.
    private func manifest(causes: String = "[]", more: String = "") -> String {
        """
        {"name": "asd", "channels": ["m01", "m02"], "sample_period_s": 300, \(more)
         "entities": [
          {"id": "server-1", "train": {"file": "server-1.train.csv", "rows": 3},
           "test": {"file": "server-1.test.csv", "rows": 10, "events": [[2, 4]]},
           "root_causes": \(causes)},
          {"id": "server-2", "train": {"file": "server-2.train.csv", "rows": 3},
           "test": {"file": "server-2.test.csv", "rows": 10}}]}
        """
    }

    private func folder(_ manifest: String) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try folder.makeFolder("asd")
        try folder.write(manifest, to: "asd/dataset.json")
        return folder
    }

    @Test func `a manifest names entities, tables and causes`() throws {
        let folder = try folder(
            manifest(
                causes: #"[{"start": 2, "end": 4, "kind": "metric", "channels": ["m02"]}]"#,
                more: #""common_train": {"file": "all.csv", "rows": 5},"#
            )
        )
        let entities = try LabelledSet.entities([], in: folder.url.path)
        #expect(entities.map(\.id) == ["asd/server-1", "asd/server-2"])
        #expect(entities.map(\.isTuning) == [true, false])
        #expect(entities[0].buffer == 20)
        #expect(entities[0].test.path == folder.path("asd/server-1.test.csv"))
        #expect(entities[0].test.rows == 10)
        #expect(entities[0].commonTrain?.rows == 5)
        #expect(entities[0].causes == [RootCause(rows: 2..<4, channels: ["m02"])])
        #expect(entities[1].causes == nil)
    }

    @Test func `sets and entities can be asked for, each once`() throws {
        let folder = try folder(manifest())
        let found = try LabelledSet.entities(
            ["asd/server-2", "asd", "asd/server-1"],
            in: folder.url.path
        )
        #expect(found.map(\.name) == ["server-2", "server-1"])
        let known = ["asd/server-1", "asd/server-2"]
        #expect(throws: SetError.unknown(name: "asd/server-9", known: known)) {
            try LabelledSet.entities(["asd/server-9"], in: folder.url.path)
        }
        #expect(throws: SetError.unknown(name: "smd", known: LabelledSet.usual)) {
            try LabelledSet.entities(["smd"], in: folder.url.path)
        }
        #expect(throws: SetError.noSets(folder: "\(folder.url.path)/asd")) {
            try LabelledSet.entities([], in: folder.url.path + "/asd")
        }
    }

    @Test(arguments: [
        ("{", "not JSON"),
        (#"{"channels": []}"#, "'entities' is missing"),
        (#"{"channels": [], "entities": []}"#, "'entities' is empty"),
        (
            #"{"channels": [], "entities": [{"id": 7}]}"#,
            "'entities[0].id' is not what it should be"
        ),
        (
            #"{"channels": [], "entities": [{"id": "a", "train": {"file": "t", "rows": 1}}]}"#,
            "'entities[0].test' is missing"
        ),
    ])
    func `a manifest that cannot be used is named, with what is wrong and what to do`(
        text: String,
        problem: String
    ) throws {
        let folder = try folder(text)
        let path = folder.path("asd/dataset.json")
        let expected = SetError.unusableManifest(path: path, problem: problem)
        #expect(throws: expected) { try LabelledSet("asd", in: folder.url.path) }
        #expect(
            "\(expected)" == "'\(path)': \(problem); fetch the set's dataset.json anew, or mend it"
        )
    }

    @Test(arguments: [
        (#"[{"start": 4, "end": 11, "channels": ["m01"]}]"#, "where the table has 10"),
        (#"[{"start": 4, "end": 4, "channels": ["m01"]}]"#, "where the table has 10"),
        (#"[{"start": 4, "end": 5, "channels": ["m9"]}]"#, "names 'm9', which is no channel"),
    ])
    func `causes that no table can have are refused`(causes: String, problem: String) throws {
        let folder = try folder(manifest(causes: causes))
        let error = #expect(throws: SetError.self) {
            try LabelledSet("asd", in: folder.url.path)
        }
        #expect(error?.description.contains(problem) == true)
    }

    @Test func `a table with other rows than its manifest says is refused by name`() throws {
        let folder = try folder(manifest())
        let path = try folder.write(
            "timestamp,m01,m02\n2000-01-01T00:00:00Z,1,2\n",
            to: "asd/server-1.train.csv"
        )
        let entity = try LabelledSet.entities([], in: folder.url.path)[0]
        #expect(throws: SetError.differentRows(path: path, found: 1, expected: 3)) {
            try entity.train.read(device: "x")
        }
    }
}

extension TemporaryFolder {
    fileprivate func makeFolder(_ name: String) throws {
        try FileManager.default.createDirectory(
            at: url.appendingPathComponent(name),
            withIntermediateDirectories: true
        )
    }
}
