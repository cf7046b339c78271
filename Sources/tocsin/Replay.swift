import ArgumentParser
import TocsinCore
import TocsinDaemon
import TocsinFiles
import TocsinThreads

extension Tocsin {
    struct Replay: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Publish a table or a recording, at its own pace or faster."
        )

        @OptionGroup var broker: BrokerOptions

        @Option(help: "A table (CSV, also .gz) or a recording (.jsonl).", completion: .file())
        var data: String

        @Option(help: "Where a table's rows go.")
        var topic = "sensors/{device}"

        @Option(help: "json: an object per row with its time; number: a plain number per channel.")
        var format = RowMessage.Form.json

        @Option(help: "The device's name for a table without such a column; its file's name.")
        var device: String?

        @Option(help: "Recorded seconds per second; 0 for as fast as the broker takes it.")
        var speed = 1.0

        @Option(parsing: .upToNextOption, help: "Columns to leave out.")
        var ignore: [String] = []

        func run() throws {
            try reporting {
                let isRecording = Tables.isRecording(data)
                let template = try TopicTemplate(topic)
                guard isRecording || format == .json || template.namesChannel else {
                    throw ValidationError("the format number needs a level '{channel}' in --topic")
                }
                let feed = try broker.feed(name: "replay")
                let sent = isRecording ? try replay(feed) : try replay(feed, template)
                try feed.finish()
                Console.note("\(sent) messages published")
            }
        }

        /// Publishes a table.
        private func replay(_ feed: BrokerFeed, _ template: TopicTemplate) throws -> Int {
            var reader = try Tables.open(data, ignoring: ignore)
            let rows = RowMessage(template: template, form: format, channels: reader.channels)
            let name = device ?? Tables.device(data)
            var pace = Pace(speed: speed)
            var progress = ProgressLine()
            var sent = 0
            do {
                while let row = try reader.next() {
                    let delay = pace.delay(until: row.time)
                    if delay > .zero { DedicatedThread.sleep(delay) }
                    let messages = rows.messages(
                        device: row.device.isEmpty ? name : row.device,
                        time: row.time,
                        values: row.values
                    )
                    for message in messages {
                        try feed.publish(topic: message.topic, payload: message.payload)
                        sent += 1
                    }
                    progress.show(reader.progress, "\(sent) messages")
                }
            } catch let error as CSVError {
                throw InFile(path: data, reason: error)
            }
            progress.clear()
            return sent
        }

        /// Publishes a recording.
        private func replay(_ feed: BrokerFeed) throws -> Int {
            let messages: [Message]
            do {
                messages = try Recording.decodeAll(try Files.readUnpacked(data))
            } catch let error as RecordingError {
                throw InFile(path: data, reason: error)
            }
            var pace = Pace(speed: speed)
            var progress = ProgressLine()
            for (i, message) in messages.enumerated() {
                let delay = pace.delay(until: message.arrival)
                if delay > .zero { DedicatedThread.sleep(delay) }
                try feed.publish(
                    topic: String(decoding: message.topic, as: UTF8.self),
                    payload: message.payload,
                    isRetained: message.isRetained
                )
                progress.show(Double(i + 1) / Double(messages.count), "\(i + 1) messages")
            }
            progress.clear()
            return messages.count
        }
    }
}
