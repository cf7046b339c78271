/// Which channels of a model a batch's values belong to; found once for payloads that look alike.
struct ChannelNumbers: Sendable {
    private var numbers: [Int32] = []
    private var revision: UInt64 = 0
    private var table: UInt64 = 0

    /// Whether the names and the table are those of the time before.
    func holds(_ batch: borrowing SampleBatch, for table: UInt64) -> Bool {
        revision == batch.revision && self.table == table
            && numbers.count == batch.entries.count
    }

    /// Looks all names up.
    mutating func find(_ batch: borrowing SampleBatch, in table: borrowing NameTable) {
        revision = batch.revision
        self.table = table.identity
        numbers.removeAll(keepingCapacity: true)
        for i in batch.entries.indices {
            let name = batch.names.span.extracting(batch.entries[i].name)
            numbers.append(Int32(table.find(name) ?? -1))
        }
    }

    /// The channel of the value at `place`, -1 for one that the model does not know.
    subscript(place: Int) -> Int { Int(numbers[place]) }
}
